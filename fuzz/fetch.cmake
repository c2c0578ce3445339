foreach(name s3_page img_src s3_error credentials key_answer)
    sil_fuzz(${name} LINKS sil_fetch)
endforeach()
