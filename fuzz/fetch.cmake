foreach(name img_src s3_error credentials)
    sil_fuzz(${name} LINKS sil_fetch)
endforeach()
