# The connection over a fake wire, and the parser cut in two ways.
if(TARGET sil_http)
    sil_fuzz(http SOURCES ${CMAKE_SOURCE_DIR}/tests/unit/http/fake_wire.c
             LINKS sil_http)
    target_include_directories(fuzz_http PRIVATE
        ${CMAKE_SOURCE_DIR}/tests/unit)
endif()
