# SPDX-License-Identifier: GPL-2.0-only
#
# gksm_embed_cl(<target> SOURCES <x.cl>... [HEADERS <y.h>...])
#
# Adds to the target, for each x.cl, the definition of the string
# `const char gksm_cl_x[]` (declared in kernels/sources.h): the file's text,
# with each `#include "y.h"` replaced by the text of y.h, the first time, because
# a driver's compiler has no include path. #line keeps file names and line numbers in
# build logs right. Sources and headers are relative to the calling folder.
#
# The same file is the script that writes one such definition:
#   cmake -DINPUT=x.cl -DOUTPUT=x.cl.c -P GksmEmbedCl.cmake

if(NOT CMAKE_SCRIPT_MODE_FILE)
	set(GKSM_EMBED_CL_SCRIPT "${CMAKE_CURRENT_LIST_FILE}")

	function(gksm_embed_cl target)
		cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;HEADERS")
		list(TRANSFORM arg_HEADERS PREPEND "${CMAKE_CURRENT_SOURCE_DIR}/")
		foreach(source IN LISTS arg_SOURCES)
			set(input "${CMAKE_CURRENT_SOURCE_DIR}/${source}")
			set(output "${CMAKE_CURRENT_BINARY_DIR}/${source}.c")
			add_custom_command(
				OUTPUT "${output}"
				COMMAND "${CMAKE_COMMAND}" "-DINPUT=${input}"
					"-DOUTPUT=${output}"
					-P "${GKSM_EMBED_CL_SCRIPT}"
				DEPENDS "${input}" ${arg_HEADERS}
					"${GKSM_EMBED_CL_SCRIPT}"
				COMMENT "Embedding ${source}"
				VERBATIM)
			target_sources(${target} PRIVATE "${output}")
		endforeach()
	endfunction()
	return()
endif()

# Sets text to that of the file, with what it includes, each file once. Brackets
# and semicolons mean something to CMake's lists, so that text is only ever
# handled as one string.
set(included_files " ")
function(gksm_expand folder file)
	set(included_files "${included_files}${file} ")
	file(READ "${folder}/${file}" rest)
	set(text "#line 1 \"${file}\"\n")
	set(expanded "")
	set(line 1)
	while(rest MATCHES "#include \"([a-z0-9_.]+)\"\n")
		set(directive "${CMAKE_MATCH_0}")
		set(header "${CMAKE_MATCH_1}")
		string(FIND "${rest}" "${directive}" before)
		string(LENGTH "${directive}" length)
		math(EXPR after "${before} + ${length}")
		string(SUBSTRING "${rest}" 0 ${before} head)
		string(SUBSTRING "${rest}" ${after} -1 rest)

		string(REGEX REPLACE "[^\n]" "" newlines "${head}")
		string(LENGTH "${newlines}" lines)
		math(EXPR line "${line} + ${lines} + 1")
		string(APPEND expanded "${text}${head}")
		set(text "")
		string(FIND "${included_files}" " ${header} " seen)
		if(seen EQUAL -1)
			gksm_expand("${folder}" "${header}")
		endif()
		string(APPEND expanded "${text}#line ${line} \"${file}\"\n")
		set(text "")
	endwhile()
	set(text "${expanded}${text}${rest}" PARENT_SCOPE)
	set(included_files "${included_files}" PARENT_SCOPE)
endfunction()

get_filename_component(folder "${INPUT}" DIRECTORY)
get_filename_component(file "${INPUT}" NAME)
get_filename_component(name "${INPUT}" NAME_WE)
gksm_expand("${folder}" "${file}")

string(REPLACE "\\" "\\\\" text "${text}")
string(REPLACE "\"" "\\\"" text "${text}")
string(REPLACE "\n" "\\n\"\n\t\"" text "${text}")
file(WRITE "${OUTPUT}"
	"/* Written from ${file} by GksmEmbedCl.cmake. */\n"
	"#include \"sources.h\"\n\n"
	"const char gksm_cl_${name}[] =\n\t\"${text}\";\n")
