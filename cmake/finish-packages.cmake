# Run by CPack before a package is closed: what Debian's policy wants of files
# that CMake installs as they are. Compressed manual pages, and a changelog.
file(GLOB components ${CPACK_TEMPORARY_DIRECTORY}/*)
foreach(component IN LISTS components)
    file(GLOB pages ${component}/usr/share/man/man*/*[0-9])
    file(GLOB docs ${component}/usr/share/doc/*)
    foreach(folder IN LISTS docs)
        get_filename_component(package ${folder} NAME)
        file(WRITE ${folder}/changelog.Debian
"silhouette (${CPACK_PACKAGE_VERSION}-1) unstable; urgency=medium

  * Packaged; what is new in the program stands in CHANGELOG.md of its source.

 -- ${CPACK_PACKAGE_CONTACT}  ${CPACK_SIL_DATE}
")
        list(APPEND pages ${folder}/changelog.Debian)
    endforeach()
    if(pages)
        execute_process(COMMAND gzip -9nf ${pages} COMMAND_ERROR_IS_FATAL ANY)
    endif()
endforeach()
