/* SPDX-License-Identifier: Apache-2.0 */
#include "driver_file.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
    uint16_t machine;
    const char *name;
} machines[] = {
    {EM_386, "32-bit x86"}, {EM_ARM, "32-bit ARM"},     {EM_AARCH64, "64-bit ARM"},
    {EM_RISCV, "RISC-V"},   {EM_PPC64, "64-bit POWER"}, {EM_S390, "S/390"},
};

static const char *machine_name(uint16_t machine)
{
    for (size_t i = 0; i < sizeof machines / sizeof machines[0]; i++)
        if (machines[i].machine == machine)
            return machines[i].name;
    return "another architecture";
}

static const char *header_problem(struct arena *keep, const char *path, const Elf64_Ehdr *header,
                                  size_t len)
{
    if (len >= 2 && memcmp(header, "MZ", 2) == 0)
        return arena_printf(keep, "%s is a Windows DLL; mdcts loads ELF shared objects", path);
    if (len < sizeof *header || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
        return arena_printf(keep, "%s is no ELF shared object; build the driver as a .so", path);
    if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_machine != EM_X86_64)
        return arena_printf(keep, "%s is built for %s; mdcts runs on x86-64", path,
                            machine_name(header->e_machine));
    if (header->e_type != ET_DYN)
        return arena_printf(keep, "%s is an ELF file but no shared object; link it with -shared",
                            path);
    return NULL;
}

const char *driver_file_problem(struct arena *keep, const char *path)
{
    Elf64_Ehdr header;
    struct stat about;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return arena_printf(keep, "the driver %s cannot be opened: %s", path, strerror(errno));
    memset(&header, 0, sizeof header);
    ssize_t len =
        fstat(fd, &about) == 0 && S_ISREG(about.st_mode) ? read(fd, &header, sizeof header) : -1;
    close(fd);
    if (len < 0)
        return arena_printf(keep, "the driver %s is no file", path);
    return header_problem(keep, path, &header, (size_t)len);
}
