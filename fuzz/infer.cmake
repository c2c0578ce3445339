sil_fuzz(manifest LINKS sil_infer)
