# Debian packages by CPack: silhouette (command and service), libsilhouette0
# (library, networks and the engine, which Debian hasn't) and
# libsilhouette-dev. `make deb` builds them; see docs/INSTALL.md.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME silhouette)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_VENDOR silhouette)
set(CPACK_PACKAGE_CONTACT "the silhouette authors <silhouette@localhost>")
set(CPACK_SET_DESTDIR ON)    # /etc is not below the prefix
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL program library dev)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME silhouette)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SECTION graphics)
set(CPACK_DEBIAN_PROGRAM_DESCRIPTION
"find the people in pictures: command and service
Gives the exact 0/1 mask of the people in a photograph, in the picture's own
size: for files, for whole folders or S3 buckets, and over HTTP as a service
that takes the key of a picture in a bucket. Runs on the processor alone.")
set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME libsilhouette0)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_LIBRARY_DESCRIPTION
"find the people in pictures: shared library
Gives the exact 0/1 mask of the people in a photograph, in the picture's own
size. This package holds the library, its networks and the engine that runs
them, OpenVINO, in a folder of its own.")
set(CPACK_DEBIAN_DEV_PACKAGE_NAME libsilhouette-dev)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_DESCRIPTION
"find the people in pictures: development files
The header, the static library, and the files by which CMake and pkg-config
find them.")

# The engine is beside the library; what else is needed, dpkg-shlibdeps finds.
set(same_version "libsilhouette0 (= ${PROJECT_VERSION}-1)")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${SIL_OPENVINO_LIB_DIR})
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_DEPENDS
    "${same_version}, init-system-helpers (>= 1.52)")
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS "${same_version}")

# Only the whole, as `make deb` configures it, is packed.
if(NOT CMAKE_INSTALL_PREFIX STREQUAL "/usr" OR NOT SIL_SERVICE)
    return()
endif()

# Papers of each package: whose it is, and what changed.
set(papers ${CMAKE_BINARY_DIR}/package)
file(READ ${CMAKE_SOURCE_DIR}/NOTICE notice)
file(READ ${CMAKE_SOURCE_DIR}/THIRD_PARTY.md third)
file(WRITE ${papers}/copyright "${notice}
On Debian systems the Apache License 2.0 is in
/usr/share/common-licenses/Apache-2.0, and the GNU licences that are named
below are in /usr/share/common-licenses/LGPL-2.1, LGPL-3 and GPL-3.

${third}")
foreach(pair program:silhouette library:libsilhouette0 dev:libsilhouette-dev)
    string(REGEX MATCH "^[^:]*" component ${pair})
    string(REGEX MATCH "[^:]*$" package ${pair})
    install(FILES ${papers}/copyright COMPONENT ${component}
            DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${package})
endforeach()

# The service: started when installed, again when upgraded.
set(scripts ${CMAKE_SOURCE_DIR}/deploy/debian)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_CONTROL_EXTRA
    ${scripts}/postinst ${scripts}/prerm ${scripts}/postrm
    ${scripts}/conffiles)
file(WRITE ${papers}/shlibs
    "libsilhouette ${PROJECT_VERSION_MAJOR} libsilhouette0 (>= ${PROJECT_VERSION})\n")
file(WRITE ${papers}/triggers "activate-noawait ldconfig\n")
set(CPACK_DEBIAN_LIBRARY_PACKAGE_CONTROL_EXTRA
    ${papers}/shlibs ${papers}/triggers)

# The date of what is packed, so that the same source gives the same bytes.
execute_process(COMMAND git -C ${CMAKE_SOURCE_DIR} log -1 --format=%aD
    OUTPUT_VARIABLE CPACK_SIL_DATE OUTPUT_STRIP_TRAILING_WHITESPACE
    COMMAND_ERROR_IS_FATAL ANY)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_SOURCE_DIR}/cmake/finish-packages.cmake)
include(CPack)
