if(SIL_SERVICE)
    sil_fuzz(request LINKS sil_server)
endif()
