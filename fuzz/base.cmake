sil_fuzz(json LINKS sil_base)
