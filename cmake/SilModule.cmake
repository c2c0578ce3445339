# One folder of src/ as a static library with the project's flags, its links
# being its arrows:
#   sil_module(sil_decode SOURCES decode.c LINKS sil_base PRIVATE_LINKS sil::jpeg)
function(sil_module name)
    cmake_parse_arguments(ARG "" "" "SOURCES;LINKS;PRIVATE_LINKS" ${ARGN})
    add_library(${name} STATIC ${ARG_SOURCES})
    target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR}/src
                                              ${CMAKE_SOURCE_DIR}/include)
    target_compile_definitions(${name} PRIVATE _GNU_SOURCE)
    set_target_properties(${name} PROPERTIES C_VISIBILITY_PRESET hidden)
    target_link_libraries(${name} PUBLIC ${ARG_LINKS}
                          PRIVATE sil_flags ${ARG_PRIVATE_LINKS})
endfunction()

# A cmocka test of one source file:
#   sil_unit(decode_png LINKS sil_decode) builds test_decode_png.c as
#   test_decode_png and runs it as CTest unit.decode_png.
function(sil_unit name)
    cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
    add_executable(test_${name} test_${name}.c ${ARG_SOURCES})
    target_compile_definitions(test_${name} PRIVATE _GNU_SOURCE
        SIL_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    target_include_directories(test_${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests/unit)
    target_link_libraries(test_${name} PRIVATE ${ARG_LINKS} sil_flags sil::cmocka)
    add_test(NAME unit.${name} COMMAND test_${name})
    set_tests_properties(unit.${name} PROPERTIES LABELS unit TIMEOUT 600)
endfunction()

# Tests that run the engine: under a sanitizer its thread library must be
# told, for it is loaded in a way that sanitizers refuse.
function(sil_test_engine)
    set_tests_properties(${ARGN} PROPERTIES
        ENVIRONMENT "TBB_ENABLE_SANITIZERS=1")
endfunction()
