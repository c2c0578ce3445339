# libsilhouette, shared and static, and what an installation holds: the
# library, its header, the network, the engine it needs, and the files by
# which CMake and pkg-config find them. Included by src/CMakeLists.txt.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(SIL_PARTS sil_base sil_decode sil_infer sil_mask sil_encode sil_segment)
set(SIL_EXTERNAL sil::jansson sil::crypto sil::jpeg sil::spng sil::webp
    sil::heif sil::isal sil::openvino m)

add_library(silhouette SHARED)
add_library(silhouette_static STATIC)
foreach(target silhouette silhouette_static)
    foreach(part IN LISTS SIL_PARTS)
        target_sources(${target} PRIVATE $<TARGET_OBJECTS:${part}>)
    endforeach()
    set_target_properties(${target} PROPERTIES LINKER_LANGUAGE C
                          OUTPUT_NAME silhouette)
    target_include_directories(${target} PUBLIC
        $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include>
        $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
endforeach()

# An installed library finds the engine in a folder beside it.
set(SIL_PRIVATE_LIBDIR ${CMAKE_INSTALL_LIBDIR}/silhouette)
target_link_libraries(silhouette PRIVATE sil_flags ${SIL_EXTERNAL})
set_target_properties(silhouette PROPERTIES
    VERSION ${PROJECT_VERSION}
    SOVERSION ${PROJECT_VERSION_MAJOR}
    INSTALL_RPATH "$ORIGIN/silhouette")
# Whoever links the static library from the build tree links these too; the
# installed one says so in its CMake and pkg-config files.
target_link_libraries(silhouette_static PRIVATE
    $<BUILD_INTERFACE:sil_flags> INTERFACE $<BUILD_INTERFACE:${SIL_EXTERNAL}>)

# Components are what packages hold: library, dev and program.
set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME dev)
install(TARGETS silhouette EXPORT silhouette-targets
        LIBRARY COMPONENT library NAMELINK_COMPONENT dev)
install(TARGETS silhouette_static EXPORT silhouette-static-targets)
install(FILES ${CMAKE_SOURCE_DIR}/include/silhouette.h TYPE INCLUDE)
set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME library)
install(FILES ${CMAKE_SOURCE_DIR}/models/person.json
              ${CMAKE_SOURCE_DIR}/models/person.onnx
              ${CMAKE_SOURCE_DIR}/models/person.md
              ${CMAKE_SOURCE_DIR}/models/person-1.json
              ${CMAKE_SOURCE_DIR}/models/person-1.onnx
              ${CMAKE_SOURCE_DIR}/models/person-1.md
              ${CMAKE_SOURCE_DIR}/models/person-credits.md
        DESTINATION ${CMAKE_INSTALL_DATADIR}/silhouette/models)
# What helps to find people, if tools/setup has fetched it.
install(FILES ${CMAKE_SOURCE_DIR}/models/people/detector.json
              ${CMAKE_SOURCE_DIR}/models/people/pose.json
        DESTINATION ${CMAKE_INSTALL_DATADIR}/silhouette/models/people)
install(FILES ${CMAKE_SOURCE_DIR}/models/people/pose_detection.tflite
              ${CMAKE_SOURCE_DIR}/models/people/pose_landmark_full.tflite
        OPTIONAL
        DESTINATION ${CMAKE_INSTALL_DATADIR}/silhouette/models/people)

# Of the engine, what running a network on the processor needs. It
# looks for its plugins in the folder where it is itself.
file(GLOB engine_files
    ${SIL_OPENVINO_LIB_DIR}/libopenvino.so.*
    ${SIL_OPENVINO_LIB_DIR}/libopenvino_c.so.*
    ${SIL_OPENVINO_LIB_DIR}/libopenvino_intel_cpu_plugin.so
    ${SIL_OPENVINO_LIB_DIR}/libopenvino_arm_cpu_plugin.so
    ${SIL_OPENVINO_LIB_DIR}/libopenvino_ir_frontend.so.*
    ${SIL_OPENVINO_LIB_DIR}/libopenvino_onnx_frontend.so.*
    ${SIL_OPENVINO_LIB_DIR}/libopenvino_tensorflow_lite_frontend.so.*
    ${SIL_OPENVINO_LIB_DIR}/libtbb*.so*
    ${SIL_OPENVINO_LIB_DIR}/libhwloc.so.*)
install(FILES ${engine_files} DESTINATION ${SIL_PRIVATE_LIBDIR})
set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME dev)

set(config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/silhouette)
foreach(kind targets static-targets)
    install(EXPORT silhouette-${kind} NAMESPACE silhouette::
            DESTINATION ${config_dir})
endforeach()
configure_package_config_file(
    ${CMAKE_SOURCE_DIR}/cmake/silhouette-config.cmake.in
    ${CMAKE_CURRENT_BINARY_DIR}/silhouette-config.cmake
    INSTALL_DESTINATION ${config_dir}
    PATH_VARS CMAKE_INSTALL_DATADIR SIL_PRIVATE_LIBDIR)
write_basic_package_version_file(
    ${CMAKE_CURRENT_BINARY_DIR}/silhouette-config-version.cmake
    COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/silhouette-config.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/silhouette-config-version.cmake
        DESTINATION ${config_dir})
configure_file(${CMAKE_SOURCE_DIR}/cmake/silhouette.pc.in
               ${CMAKE_CURRENT_BINARY_DIR}/silhouette.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/silhouette.pc
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
