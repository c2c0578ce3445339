# sil::openvino: the C interface of the inference engine, out of the wheel
# that tools/setup unpacked. Executables of the build tree find its libraries
# by the run path that CMake writes into them.
set(OpenVINO_DIR ${CMAKE_SOURCE_DIR}/.deps/openvino/cmake CACHE PATH
    "The folder of OpenVINOConfig.cmake")
if(NOT EXISTS ${OpenVINO_DIR}/OpenVINOConfig.cmake)
    message(FATAL_ERROR "No OpenVINO in ${OpenVINO_DIR}: run tools/setup")
endif()
find_package(OpenVINO 2026.4 REQUIRED COMPONENTS Runtime QUIET)
add_library(sil_openvino INTERFACE)
target_link_libraries(sil_openvino INTERFACE openvino::runtime::c)
add_library(sil::openvino ALIAS sil_openvino)
get_filename_component(SIL_OPENVINO_LIB_DIR ${OpenVINO_DIR}/../libs ABSOLUTE)
