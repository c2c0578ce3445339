# What the project is built on, each as one imported target sil::NAME.
# tools/setup installs them all; tools/lock has their versions.
find_package(PkgConfig REQUIRED)

# One library of the system by its pkg-config name: sil_pkg(uv "libuv>=1.44")
function(sil_pkg name)
    string(TOUPPER "SIL_${name}" prefix)
    pkg_check_modules(${prefix} REQUIRED IMPORTED_TARGET GLOBAL ${ARGN})
    add_library(sil::${name} ALIAS PkgConfig::${prefix})
endfunction()

sil_pkg(jansson "jansson>=2.14")
sil_pkg(crypto "libcrypto>=3.0")
sil_pkg(jpeg "libjpeg>=2.1")
sil_pkg(spng "spng>=0.7.3")
sil_pkg(webp "libwebp>=1.2.4")
sil_pkg(heif "libheif>=1.15")
sil_pkg(isal "libisal>=2.30")
sil_pkg(curl "libcurl>=7.88")
sil_pkg(expat "expat>=2.5")
sil_pkg(seccomp "libseccomp>=2.5")
include(SilOpenVINO)            # sil::openvino
if(SIL_SERVICE)
    sil_pkg(uv "libuv>=1.44")
    sil_pkg(inih "inih>=55")
    include(SilLlhttp)          # sil::llhttp
endif()
if(SIL_TESTS)
    sil_pkg(cmocka "cmocka>=1.1.5")
endif()
