# What an installation holds beside the library and the command: manual pages
# and completions, made from what the command says of itself, the unit of
# systemd, the configuration file, and the sample pictures, which a service
# without settings answers.
include(GNUInstallDirs)
set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME program)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/samples
        DESTINATION ${CMAKE_INSTALL_DATADIR}/silhouette)

# Of a build that runs as it is, with all commands.
if(NOT SIL_SERVICE OR SIL_SANITIZE)
    return()
endif()
find_package(Python3 REQUIRED COMPONENTS Interpreter)
set(SIL_MANUAL ${CMAKE_BINARY_DIR}/manual)
add_custom_command(OUTPUT ${SIL_MANUAL}/silhouette.conf
    COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_SOURCE_DIR}/tools/manpages
            $<TARGET_FILE:silhouette_command> ${SIL_MANUAL}
    DEPENDS silhouette_command
            ${CMAKE_SOURCE_DIR}/tools/manpages
            ${CMAKE_SOURCE_DIR}/tools/tables
            ${CMAKE_SOURCE_DIR}/include/silhouette.h
            ${CMAKE_SOURCE_DIR}/src/base/errors.tbl
            ${CMAKE_SOURCE_DIR}/src/base/limits.tbl
            ${CMAKE_SOURCE_DIR}/src/server/config.tbl
    COMMENT "Writing the manual"
    VERBATIM)
add_custom_target(manual ALL DEPENDS ${SIL_MANUAL}/silhouette.conf)

install(DIRECTORY ${SIL_MANUAL}/man1 ${SIL_MANUAL}/man5
        DESTINATION ${CMAKE_INSTALL_MANDIR})
install(DIRECTORY ${SIL_MANUAL}/man3 DESTINATION ${CMAKE_INSTALL_MANDIR}
        COMPONENT dev)
install(FILES ${SIL_MANUAL}/completions/silhouette
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${SIL_MANUAL}/completions/_silhouette
        DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
install(FILES ${SIL_MANUAL}/completions/silhouette.fish
        DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
install(FILES ${SIL_MANUAL}/silhouette.conf
        DESTINATION ${CMAKE_INSTALL_SYSCONFDIR}/silhouette)
install(FILES ${CMAKE_SOURCE_DIR}/deploy/debian/aws-credentials
        DESTINATION ${CMAKE_INSTALL_SYSCONFDIR}/silhouette
        PERMISSIONS OWNER_READ OWNER_WRITE)

# The unit names the program where it is installed.
file(READ ${CMAKE_SOURCE_DIR}/deploy/systemd/silhouette.service unit)
string(REPLACE "/usr/bin/" "${CMAKE_INSTALL_FULL_BINDIR}/" unit "${unit}")
string(REPLACE "/etc/silhouette/"
    "${CMAKE_INSTALL_FULL_SYSCONFDIR}/silhouette/" unit "${unit}")
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/silhouette.service
     CONTENT "${unit}" @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/silhouette.service
        DESTINATION lib/systemd/system)
