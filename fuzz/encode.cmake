sil_fuzz(mask_runs LINKS sil_encode sil_mask sil::spng)
