# sil::llhttp: the HTTP parser, built from the generated C sources that
# tools/setup unpacked. Third-party code: none of our warnings, no install.
set(SIL_LLHTTP_DIR ${CMAKE_SOURCE_DIR}/.deps/llhttp CACHE PATH
    "The folder with include/llhttp.h and src/ of llhttp")
if(NOT EXISTS ${SIL_LLHTTP_DIR}/include/llhttp.h)
    message(FATAL_ERROR "No llhttp in ${SIL_LLHTTP_DIR}: run tools/setup")
endif()
file(STRINGS ${SIL_LLHTTP_DIR}/include/llhttp.h version
     REGEX "^#define LLHTTP_VERSION_(MAJOR|MINOR|PATCH)")
if(NOT "${version}" MATCHES "MAJOR 9;.*MINOR 4;.*PATCH 3")
    message(FATAL_ERROR "llhttp 9.4.3 is wanted, not: ${version}")
endif()
add_library(sil_llhttp STATIC
    ${SIL_LLHTTP_DIR}/src/api.c
    ${SIL_LLHTTP_DIR}/src/http.c
    ${SIL_LLHTTP_DIR}/src/llhttp.c)
target_include_directories(sil_llhttp SYSTEM PUBLIC ${SIL_LLHTTP_DIR}/include)
target_compile_options(sil_llhttp PRIVATE -w)
set_target_properties(sil_llhttp PROPERTIES C_VISIBILITY_PRESET hidden)
if(SIL_SANITIZE)
    target_compile_options(sil_llhttp PRIVATE -fsanitize=${SIL_SANITIZE})
endif()
add_library(sil::llhttp ALIAS sil_llhttp)
