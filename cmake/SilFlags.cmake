# Target sil_flags: how our own code is compiled and linked. Linked privately
# by each of our targets; third-party code doesn't get it. No global flags.
option(SIL_WERROR "Warnings are errors" ON)
set(SIL_SANITIZE "" CACHE STRING
    "Sanitizers for -fsanitize=, e.g. address,undefined or thread")

include(CheckCCompilerFlag)
include(CheckPIESupported)
check_pie_supported(LANGUAGES C)   # CMAKE_POSITION_INDEPENDENT_CODE: -pie too

add_library(sil_flags INTERFACE)

target_compile_options(sil_flags INTERFACE
    -Wall -Wextra -Wconversion -Wshadow -Wvla -Wformat=2 -Wundef
    -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings
    $<$<BOOL:${SIL_WERROR}>:-Werror>)

# Asserts stay on in each build type. Floating point gives the same mask on
# each machine: no fused multiply-add behind our back.
target_compile_options(sil_flags INTERFACE
    -UNDEBUG -g -fno-common -ffp-contract=off -fno-omit-frame-pointer)

# What is shipped has the same bytes wherever it is built: no folder of the
# machine in asserts or debugging information.
target_compile_options(sil_flags INTERFACE
    $<$<CONFIG:Release>:-ffile-prefix-map=${CMAKE_SOURCE_DIR}/=>
    $<$<CONFIG:Release>:-ffile-prefix-map=${CMAKE_BINARY_DIR}=.>)

# Hardening; flags that the compiler or the processor doesn't know are left
# out. _FORTIFY_SOURCE needs optimisation, and hides calls from a sanitizer.
foreach(flag -fstack-protector-strong -fstack-clash-protection
             -fcf-protection=full -mbranch-protection=standard)
    string(MAKE_C_IDENTIFIER "SIL_HAVE${flag}" have)
    set(CMAKE_REQUIRED_FLAGS -Werror)
    check_c_compiler_flag(${flag} ${have})
    unset(CMAKE_REQUIRED_FLAGS)
    if(${have})
        target_compile_options(sil_flags INTERFACE ${flag})
    endif()
endforeach()
target_link_options(sil_flags INTERFACE
    LINKER:-z,relro LINKER:-z,now LINKER:-z,noexecstack)

if(SIL_SANITIZE)
    target_compile_options(sil_flags INTERFACE
        -fsanitize=${SIL_SANITIZE} -fno-sanitize-recover=all)
    target_link_options(sil_flags INTERFACE -fsanitize=${SIL_SANITIZE})
else()
    target_compile_options(sil_flags INTERFACE
        $<$<CONFIG:Release,RelWithDebInfo>:-U_FORTIFY_SOURCE>
        $<$<CONFIG:Release,RelWithDebInfo>:-D_FORTIFY_SOURCE=2>)
endif()
