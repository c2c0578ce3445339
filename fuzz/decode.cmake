foreach(name exif heif jpeg png webp)
    sil_fuzz(${name} LINKS sil_decode z)
endforeach()
