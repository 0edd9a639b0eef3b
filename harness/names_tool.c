/* SPDX-License-Identifier: Apache-2.0 */
/* mdcts-names FILE: names places in an ELF file.
 *
 * Reads hexadecimal addresses, one a line, and writes for each that it knows
 * "ADDRESS<tab>FUNCTION<tab>OFFSET<tab>FILE<tab>LINE"; what isn't known is empty.  A program of its
 * own, since the file is the vendor's and libdw takes it apart: it holds no secret, and what it
 * costs is bounded. */
#include <elfutils/libdwfl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#define MEMORY_BYTES_MAX ((rlim_t)4 << 30)
#define CPU_SECONDS_MAX  10

static void bound_cost(void)
{
    const struct rlimit memory = {MEMORY_BYTES_MAX, MEMORY_BYTES_MAX},
                        cpu = {CPU_SECONDS_MAX, CPU_SECONDS_MAX}, none = {0, 0};
    setrlimit(RLIMIT_AS, &memory);
    setrlimit(RLIMIT_CPU, &cpu);
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    unsetenv("DEBUGINFOD_URLS"); /* nothing is fetched */
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static void name(Dwfl_Module *module, GElf_Addr bias, uint64_t address)
{
    GElf_Off offset = 0;
    GElf_Sym symbol;
    int line = 0;
    const char *function =
        dwfl_module_addrinfo(module, address + bias, &offset, &symbol, NULL, NULL, NULL);
    Dwfl_Line *source = dwfl_module_getsrc(module, address + bias);
    const char *file = source == NULL ? NULL : dwfl_lineinfo(source, NULL, &line, NULL, NULL, NULL);
    printf("%" PRIx64 "\t%s\t%" PRIu64 "\t%s\t%d\n", address, function == NULL ? "" : function,
           (uint64_t)offset, file == NULL ? "" : last_part(file), line);
}

int main(int argc, char **argv)
{
    static const Dwfl_Callbacks callbacks = {.find_elf = dwfl_build_id_find_elf,
                                             .find_debuginfo = dwfl_standard_find_debuginfo,
                                             .section_address = dwfl_offline_section_address};
    char text[64];
    GElf_Addr bias = 0;
    if (argc != 2)
        return EXIT_FAILURE;
    bound_cost();
    Dwfl *dwfl = dwfl_begin(&callbacks);
    Dwfl_Module *module = dwfl == NULL ? NULL : dwfl_report_offline(dwfl, "", argv[1], -1);
    if (module == NULL || dwfl_report_end(dwfl, NULL, NULL) != 0 ||
        dwfl_module_getelf(module, &bias) == NULL)
        return EXIT_FAILURE;
    while (fgets(text, sizeof text, stdin) != NULL)
        name(module, bias, strtoull(text, NULL, 16));
    dwfl_end(dwfl);
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
