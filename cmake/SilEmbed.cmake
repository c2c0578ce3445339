# Files as C arrays, compressed copies beside them: the pages of web/ live in
# the program itself.
#
#   sil_embed(OUTPUT FILES NAME=PATH...)   make OUTPUT, a .c, at build
#
# A NAME is the path that is asked for.  Of PATHs that end in .html one copy
# per language is made, every {{key}} replaced by the text of that key in the
# files texts.LANGUAGE.json beside it.  Run as a script, this file is also the
# tool that writes OUTPUT.

set(SIL_EMBED_SELF ${CMAKE_CURRENT_LIST_FILE})

function(sil_embed output)
    cmake_parse_arguments(ARG "" "" "FILES" ${ARGN})
    set(paths)
    foreach(entry IN LISTS ARG_FILES)
        string(REGEX REPLACE "^[^=]*=" "" path "${entry}")
        list(APPEND paths ${path})
    endforeach()
    add_custom_command(OUTPUT ${output}
        COMMAND ${CMAKE_COMMAND} "-DOUTPUT=${output}" "-DFILES=${ARG_FILES}"
                -DVERSION=${PROJECT_VERSION} -P ${SIL_EMBED_SELF}
        DEPENDS ${paths} ${SIL_EMBED_SELF} ${CMAKE_SOURCE_DIR}/CMakeLists.txt
        COMMENT "Embedding the pages of web/" VERBATIM)
endfunction()

if(NOT CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
    return()
endif()

# --- the tool ---------------------------------------------------------------

set(LANGUAGES en ko)

# The media type of a file by its name.
function(type_of out path)
    set(known "html=text/html@ charset=utf-8" "css=text/css@ charset=utf-8"
              "js=text/javascript@ charset=utf-8" "json=application/json"
              "in=text/plain@ charset=utf-8"
              "svg=image/svg+xml" "jpg=image/jpeg" "png=image/png"
              "webp=image/webp")
    string(REGEX MATCH "[^.]*$" ending "${path}")
    foreach(row IN LISTS known)
        if(row MATCHES "^${ending}=(.*)$")
            string(REPLACE "@" ";" type "${CMAKE_MATCH_1}")
            set(${out} "${type}" PARENT_SCOPE)
            return()
        endif()
    endforeach()
    message(FATAL_ERROR "no media type is known for ${path}")
endfunction()

# Write a page in one language.
function(translate to path language)
    file(READ ${path} text)
    get_filename_component(folder ${path} DIRECTORY)
    file(READ ${folder}/texts.${language}.json texts)
    string(JSON count LENGTH "${texts}")
    math(EXPR last "${count} - 1")
    foreach(index RANGE ${last})
        string(JSON key MEMBER "${texts}" ${index})
        string(JSON value GET "${texts}" ${key})
        string(REPLACE "&" "&amp;" value "${value}")
        string(REPLACE "<" "&lt;" value "${value}")
        string(REPLACE "\"" "&quot;" value "${value}")
        string(REPLACE "{{${key}}}" "${value}" text "${text}")
    endforeach()
    string(REPLACE "{{lang}}" "${language}" text "${text}")
    # In a text itself: the footer's.
    string(REPLACE "{{version}}" "${VERSION}" text "${text}")
    string(REPLACE "{version}" "${VERSION}" text "${text}")
    if(text MATCHES "{{([a-z_.]*)}}")
        message(FATAL_ERROR "${path}: there is no text ${CMAKE_MATCH_1} in "
                            "${language}")
    endif()
    file(WRITE ${to} "${text}")
endfunction()

# Append bytes as an array.
function(append_array name path)
    file(READ ${path} hex HEX)
    string(REGEX REPLACE "(................................)" "\\1\n" hex
           "${hex}")
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," hex "${hex}")
    file(APPEND ${OUTPUT}.new "static const uint8_t ${name}[] = {\n${hex}};\n")
endfunction()

# Append one file's arrays, and its row to the variable rows.
function(append_file name path language)
    list(LENGTH rows index)
    math(EXPR index "${index} / 1")
    type_of(type ${path})
    file(SIZE ${path} size)
    file(SHA256 ${path} digest)
    string(SUBSTRING ${digest} 0 20 tag)
    set(plain "NULL, 0")
    set(packed "NULL, 0")
    execute_process(COMMAND gzip -9nc ${path} OUTPUT_FILE ${OUTPUT}.gz
                    RESULT_VARIABLE status)
    if(NOT status EQUAL 0)
        message(FATAL_ERROR "gzip failed for ${path}")
    endif()
    file(SIZE ${OUTPUT}.gz packed_size)
    math(EXPR worth "${size} * 9 / 10")
    if(packed_size LESS worth)
        append_array(gzip_${index} ${OUTPUT}.gz)
        set(packed "gzip_${index}, sizeof gzip_${index}")
    endif()
    # What only browsers ask for, and is large, has the compressed copy alone.
    if(packed STREQUAL "NULL, 0" OR size LESS 131072)
        append_array(plain_${index} ${path})
        set(plain "plain_${index}, sizeof plain_${index}")
    endif()
    file(REMOVE ${OUTPUT}.gz)
    string(CONCAT row "    {\"${name}\", \"${language}\", \"${type}\",\n"
                      "     \"${tag}\", ${plain}, ${packed}},\n")
    string(REPLACE ";" "@SEMICOLON@" row "${row}")
    set(rows ${rows} "${row}" PARENT_SCOPE)
endfunction()

file(WRITE ${OUTPUT}.new "/* Made by cmake/SilEmbed.cmake out of web/.
 * Must not be edited.
 * Large files have no plain copy. */
#include \"server/web_files.h\"

#include <stddef.h>

")
set(rows)
foreach(entry IN LISTS FILES)
    string(REGEX MATCH "^([^=]*)=(.*)$" whole "${entry}")
    set(name "${CMAKE_MATCH_1}")
    set(path "${CMAKE_MATCH_2}")
    if(path MATCHES "\\.html$")
        foreach(language IN LISTS LANGUAGES)
            get_filename_component(leaf ${path} NAME)
            translate(${OUTPUT}.${language}.html ${path} ${language})
            append_file("${name}" ${OUTPUT}.${language}.html ${language})
            file(REMOVE ${OUTPUT}.${language}.html)
        endforeach()
    else()
        append_file("${name}" ${path} "")
    endif()
endforeach()
string(CONCAT table ${rows})
string(REPLACE "@SEMICOLON@" ";" table "${table}")
file(APPEND ${OUTPUT}.new
     "\nconst struct web_file web_files[] = {\n${table}};\n\n"
     "const size_t web_file_count = sizeof web_files / sizeof web_files[0];\n")
file(RENAME ${OUTPUT}.new ${OUTPUT})
