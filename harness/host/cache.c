/* SPDX-License-Identifier: Apache-2.0 */
#include "cache.h"
#include "channel.h"
#include "ledger.h"

#include "mdcts/status.h"

#include <pthread.h>
#include <string.h>

struct tag {
    uint8_t bytes[CACHE_TAG_BYTES]; /* UTF-16, NUL-terminated */
    size_t len;                     /* without the NUL */
};

static struct file {
    struct region region; /* its data is the file; map NULL: no file */
    PVOID context;
    struct tag tag;
} files[CACHE_FILES_MAX];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* False if the tag is NULL, unreadable, or too long. */
static bool read_tag(LPCWSTR from, struct tag *out)
{
    *out = (struct tag){0};
    for (size_t len = 0; from != NULL && len < CACHE_TAG_BYTES; len += 2) {
        if (memory_read((uintptr_t)from + len, out->bytes + len, 2) != 2)
            return false;
        if (out->bytes[len] == 0 && out->bytes[len + 1] == 0) {
            out->len = len;
            return true;
        }
    }
    return false;
}

static DWORD record(const char *function, const struct tag *tag, DWORD flags, size_t len,
                    DWORD status)
{
    struct frame_writer *event = channel_event(EVENT_CACHE);
    frame_put_text(event, EV_FUNCTION, function);
    frame_put_typed(event, EV_TAG, FIELD_UTF16, (struct bytes){tag->bytes, tag->len});
    frame_put_uint(event, EV_FLAGS, flags);
    frame_put_uint(event, EV_LENGTH, len);
    frame_put_uint(event, EV_STATUS, status);
    channel_send(event);
    return status;
}

static struct file *find(PVOID context, const struct tag *tag)
{
    for (size_t i = 0; i < CACHE_FILES_MAX; i++)
        if (files[i].region.map != NULL && files[i].context == context &&
            files[i].tag.len == tag->len && memcmp(files[i].tag.bytes, tag->bytes, tag->len) == 0)
            return &files[i];
    return NULL;
}

static struct file *find_free(void)
{
    for (size_t i = 0; i < CACHE_FILES_MAX; i++)
        if (files[i].region.map == NULL)
            return &files[i];
    return NULL;
}

static DWORD add(PVOID context, const struct tag *tag, PBYTE data, DWORD len)
{
    if (len > CACHE_FILE_BYTES)
        return SCARD_E_INVALID_PARAMETER;
    struct region region = region_new(len, 0, true);
    if (region.map == NULL)
        return ERROR_NOT_ENOUGH_MEMORY;
    pthread_mutex_lock(&lock);
    struct file *file = find(context, tag);
    if (file == NULL)
        file = find_free();
    bool readable = memory_read((uintptr_t)data, region.data, len) == len;
    if (file != NULL && readable) {
        region_free(&file->region);
        *file = (struct file){region, context, *tag};
        region = (struct region){0};
    }
    pthread_mutex_unlock(&lock);
    region_free(&region);
    return !readable ? SCARD_E_INVALID_PARAMETER : file == NULL ? ERROR_NOT_ENOUGH_MEMORY : 0;
}

bool cache_holds(uintptr_t address)
{
    bool holds = false;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < CACHE_FILES_MAX; i++)
        holds |= files[i].region.map != NULL && region_holds(&files[i].region, address);
    pthread_mutex_unlock(&lock);
    return holds;
}

DWORD WINAPI cache_add(PVOID context, LPWSTR tag_text, DWORD flags, PBYTE data, DWORD len)
{
    struct tag tag;
    bool valid = read_tag(tag_text, &tag);
    DWORD status = valid ? add(context, &tag, data, len) : SCARD_E_INVALID_PARAMETER;
    return record("CspCacheAddFile", &tag, flags, len, status);
}

/* A copy of the file as a block that the driver will free; NULL if there is no file or no memory.
 */
static void *copy_out(PVOID context, const struct tag *tag, DWORD *len, uint32_t *block)
{
    void *copy = NULL;
    pthread_mutex_lock(&lock);
    const struct file *file = find(context, tag);
    if (file != NULL) {
        *len = (DWORD)file->region.size;
        copy = ledger_alloc(*len, channel_step(), block);
        if (copy != NULL)
            memcpy(copy, file->region.data, *len);
    }
    pthread_mutex_unlock(&lock);
    return copy;
}

DWORD WINAPI cache_lookup(PVOID context, LPWSTR tag_text, DWORD flags, PBYTE *data, PDWORD len_out)
{
    struct tag tag;
    DWORD len = 0, status = SCARD_E_INVALID_PARAMETER;
    uint32_t block = 0;
    void *copy = NULL;
    if (read_tag(tag_text, &tag)) {
        copy = copy_out(context, &tag, &len, &block);
        status = copy != NULL ? 0 : SCARD_E_FILE_NOT_FOUND;
    }
    if (copy != NULL && (!memory_write((uintptr_t)data, &copy, sizeof copy) ||
                         !memory_write((uintptr_t)len_out, &len, sizeof len))) {
        ledger_free(copy, channel_step(), NULL);
        copy = NULL;
        status = SCARD_E_INVALID_PARAMETER;
    }
    if (copy != NULL) {
        struct frame_writer *event = channel_event(EVENT_ALLOC);
        frame_put_uint(event, EV_BLOCK, block);
        frame_put_uint(event, EV_SIZE, len);
        frame_put_text(event, EV_FUNCTION, "CspCacheLookupFile");
        channel_send(event);
    }
    return record("CspCacheLookupFile", &tag, flags, len, status);
}

DWORD WINAPI cache_delete(PVOID context, LPWSTR tag_text, DWORD flags)
{
    struct tag tag;
    DWORD status = SCARD_E_INVALID_PARAMETER;
    if (read_tag(tag_text, &tag)) {
        pthread_mutex_lock(&lock);
        struct file *file = find(context, &tag);
        status = file != NULL ? 0 : SCARD_E_FILE_NOT_FOUND;
        if (file != NULL)
            region_free(&file->region);
        pthread_mutex_unlock(&lock);
    }
    return record("CspCacheDeleteFile", &tag, flags, 0, status);
}
