/* SPDX-License-Identifier: Apache-2.0 */
#include "judge_watchers.h"

#include "mdcts/cardmod.h"
#include "mdcts/cng.h"
#include "mdcts/status.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

enum check_answer watcher_broken(struct watcher_view *view, const char *expected,
                                 const char *observed)
{
    view->why->expected = expected;
    view->why->observed = observed;
    return CHECK_BROKEN;
}

const struct call_record *watcher_call(const struct watcher_view *view)
{
    return case_latest_call(view->record, view->event);
}

bool watcher_is_entry(const struct call_record *call, const char *entry)
{
    return call != NULL && strcmp(call->entry, entry) == 0;
}

bool watcher_is_text(const char *text, const char *wanted)
{
    return text != NULL && strcmp(text, wanted) == 0;
}

/* ---- questions that a change would answer ---- */

enum check_answer any_call(struct watcher_view *view)
{
    return watcher_call(view) == NULL ? CHECK_SILENT : CHECK_HOLDS;
}

enum check_answer construct_call(struct watcher_view *view)
{
    return watcher_is_entry(watcher_call(view), "CardConstructDHAgreement") ? CHECK_HOLDS
                                                                            : CHECK_SILENT;
}

enum check_answer derive_call(struct watcher_view *view)
{
    return watcher_is_entry(watcher_call(view), "CardDeriveKey") ? CHECK_HOLDS : CHECK_SILENT;
}

enum check_answer buffer_call(struct watcher_view *view)
{
    const struct call_record *call = watcher_call(view);
    const struct node *output = call == NULL ? NULL : node_get(call->args, "output");
    return watcher_is_text(node_get_text(output, "kind"), "buffer") ? CHECK_HOLDS : CHECK_SILENT;
}

/* ---- loading and return codes ---- */

enum check_answer driver_loads(struct watcher_view *view)
{
    struct arena *keep = view->facts->keep;
    const char *error = node_get_text(view->event->node, "error");
    if (!node_get_bool(view->event->node, "ok", false))
        return watcher_broken(view, "the driver loads",
                              error == NULL ? "it does not" : arena_strdup(keep, error));
    if (!node_get_bool(view->event->node, "export", true))
        return watcher_broken(view, "CardAcquireContext is exported", "it is not");
    return CHECK_HOLDS;
}

enum check_answer refusal_is_of_the_family(struct watcher_view *view)
{
    static const uint32_t allowed[] = {ERROR_REVISION_MISMATCH, ERROR_INSUFFICIENT_BUFFER,
                                       ERROR_NOT_ENOUGH_MEMORY};
    struct arena *keep = view->facts->keep;
    const struct call_record *call = watcher_call(view);
    if (call == NULL || call->status == SCARD_S_SUCCESS)
        return CHECK_SILENT;
    /* A code of ours, passed on: the answer of the callback that the case made fail. */
    if (call->status == call->answered)
        return CHECK_SILENT;
    if (call->status >> 16 == 0x8010)
        return CHECK_HOLDS;
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
        if (call->status == allowed[i])
            return CHECK_HOLDS;
    bool ntstatus = call->status >> 28 == 0xC;
    view->why->outcome = ntstatus ? OUTCOME_FAIL : OUTCOME_WARN;
    return watcher_broken(
        view, "refusals by SCARD_* codes",
        arena_printf(keep, "%s of %s", status_words(keep, call->status), call->entry));
}

/* ---- what the driver may not write to ---- */

static const char *changed_name(const struct watcher_view *view)
{
    const char *name = node_get_text(view->event->node, "name");
    return name == NULL ? "?" : name;
}

static bool changed_is(const struct watcher_view *view, const char *what)
{
    return watcher_is_text(node_get_text(view->event->node, "what"), what);
}

static const char *changed_words(struct watcher_view *view)
{
    const struct node *node = view->event->node;
    const struct call_record *call = watcher_call(view);
    const char *offset = node_get_text(node, "offset");
    return arena_printf(view->facts->keep, "%s changed %s at offset %s",
                        call == NULL ? "the driver" : call->entry, changed_name(view),
                        offset == NULL ? "?" : offset);
}

enum check_answer card_data_is_not_exceeded(struct watcher_view *view)
{
    if (!changed_is(view, "beyond") || !watcher_is_text(changed_name(view), "CARD_DATA"))
        return CHECK_SILENT;
    return watcher_broken(view, "nothing written behind the CARD_DATA of the version agreed on",
                          changed_words(view));
}

static bool is_caller_buffer(const struct watcher_view *view)
{
    return changed_is(view, "caller-buffer") ||
           watcher_is_text(changed_name(view), "pbDerivedKey") ||
           watcher_is_text(changed_name(view), "pbData");
}

/* CARD_DERIVE_KEY's own members are outputs: only what lies behind the structure is reported. */
static bool is_derive_struct(const struct watcher_view *view)
{
    if (changed_is(view, "beyond"))
        return watcher_is_text(changed_name(view), "CARD_DERIVE_KEY");
    return changed_is(view, "input") && watcher_is_entry(watcher_call(view), "CardDeriveKey") &&
           watcher_is_text(changed_name(view), "pAgreementInfo");
}

static bool is_agreement_info(const struct watcher_view *view)
{
    static const char *const members[] = {"pAgreementInfo", "dwVersion",   "bContainerIndex",
                                          "dwFlags",        "dwPublicKey", "pbReserved",
                                          "cbReserved"};
    if (!changed_is(view, "input") ||
        !watcher_is_entry(watcher_call(view), "CardConstructDHAgreement"))
        return false;
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        if (watcher_is_text(changed_name(view), members[i]))
            return true;
    return false;
}

enum check_answer derive_key_is_not_exceeded(struct watcher_view *view)
{
    if (!is_derive_struct(view))
        return CHECK_SILENT;
    return watcher_broken(view, "nothing written behind CARD_DERIVE_KEY", changed_words(view));
}

enum check_answer agreement_info_is_kept(struct watcher_view *view)
{
    if (!is_agreement_info(view))
        return CHECK_SILENT;
    return watcher_broken(view, "only bSecretAgreementIndex is written", changed_words(view));
}

enum check_answer inputs_are_kept(struct watcher_view *view)
{
    if (!changed_is(view, "input") || is_derive_struct(view) || is_agreement_info(view) ||
        is_caller_buffer(view))
        return CHECK_SILENT;
    return watcher_broken(view, "inputs are left as they were", changed_words(view));
}

enum check_answer buffer_is_not_exceeded(struct watcher_view *view)
{
    if (changed_is(view, "card_data") || changed_is(view, "beyond") || !is_caller_buffer(view))
        return CHECK_SILENT;
    view->why->outcome = OUTCOME_FAIL; /* memory corruption, at any level */
    return watcher_broken(view, "nothing written outside the caller's buffer", changed_words(view));
}

enum check_answer version_is_kept(struct watcher_view *view)
{
    if (!changed_is(view, "card_data") || !watcher_is_text(changed_name(view), "dwVersion"))
        return CHECK_SILENT;
    return watcher_broken(view, "dwVersion stays what was agreed on", changed_words(view));
}

enum check_answer callers_members_are_kept(struct watcher_view *view)
{
    if (!changed_is(view, "card_data") || watcher_is_text(changed_name(view), "dwVersion"))
        return CHECK_SILENT;
    /* A driver that clears the callback can't show secret handles in the probe: what it claims
     * counts. */
    const struct node *declared =
        node_get(node_get(view->facts->header, "profile"), "capabilities");
    bool handles = node_get_bool(view->facts->capabilities, "secret_handles", false) ||
                   node_get_bool(declared, "secret_handles", false);
    bool callback = watcher_is_text(changed_name(view), "pfnCspGetDHAgreement");
    view->why->outcome = callback && handles ? OUTCOME_FAIL : OUTCOME_WARN;
    return watcher_broken(view, "the caller's members of CARD_DATA are left as they were",
                          changed_words(view));
}

/* ---- transactions ---- */

enum check_answer transactions_are_callers(struct watcher_view *view)
{
    struct arena *keep = view->facts->keep;
    const struct call_record *call = watcher_call(view);
    if (call == NULL || !watcher_is_text(node_get_text(view->facts->capabilities, "tap"), "active"))
        return CHECK_SILENT;
    if (call->begins == 0 && call->ends == 0)
        return CHECK_HOLDS;
    if (call->begins == call->ends && !call->ended_callers)
        view->why->outcome = OUTCOME_WARN; /* nested and balanced */
    return watcher_broken(view, "transactions are left to the caller",
                          arena_printf(keep, "%s began %" PRIu32 " and ended %" PRIu32, call->entry,
                                       call->begins, call->ends));
}

/* ---- pfnCspGetDHAgreement ---- */

static enum check_answer callback_member(struct watcher_view *view, const char *key,
                                         const char *wanted, const char *expected)
{
    const char *seen = node_get_text(view->event->node, key);
    if (watcher_is_text(seen, wanted))
        return CHECK_HOLDS;
    return watcher_broken(view, expected,
                          arena_printf(view->facts->keep, "%s", seen == NULL ? "?" : seen));
}

enum check_answer callback_gets_card_data(struct watcher_view *view)
{
    return callback_member(view, "card_data", "same", "the pCardData given to CardDeriveKey");
}

enum check_answer callback_gets_no_flags(struct watcher_view *view)
{
    return callback_member(view, "flags", "0", "dwFlags 0");
}

enum check_answer callback_gets_a_byte(struct watcher_view *view)
{
    return callback_member(view, "index_pointer", "ok", "a pointer to one writable byte");
}

enum check_answer callback_names_parameter(struct watcher_view *view)
{
    const char *handle = node_get_text(view->event->node, "handle");
    static const struct {
        const char *how, *words;
        enum outcome outcome;
    } ways[] = {
        {"address", "the address of the BCryptBuffer", OUTCOME_INFO},
        {"value", "the value of pvBuffer", OUTCOME_INFO},
        {"copy", "a pointer to a copy of the BCryptBuffer", OUTCOME_WARN},
    };
    const char *words = "a value that names no parameter";
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
        if (watcher_is_text(handle, ways[i].how)) {
            view->why->outcome = ways[i].outcome;
            words = ways[i].words;
        }
    return watcher_broken(view, "hSecretAgreement is the BCryptBuffer or its pvBuffer", words);
}

/* No source says how the secrets make one key, so that any way is right. */
enum check_answer second_secret_enters(struct watcher_view *view)
{
    const struct call_record *call = watcher_call(view);
    bool known = false;
    if (call == NULL || !watcher_is_entry(call, "CardDeriveKey") ||
        call->events[EVENT_GET_DH_AGREEMENT] == 0)
        return CHECK_SILENT;
    const char *way = key_second_secret(&view->facts->key, view->record, call, &known);
    if (!known)
        return CHECK_SILENT;
    view->why->outcome = OUTCOME_INFO;
    return watcher_broken(view, "the second secret enters the key; no source says how",
                          way != NULL ? way : "in no way that is known here");
}

static bool has_handle_parameter(const struct call_record *call)
{
    const struct node *list = node_get(call->args, "parameters");
    for (const struct node *one = list == NULL ? NULL : list->first; one != NULL; one = one->next)
        if (node_get_uint(one, "type", UINT64_MAX) == KDF_SECRET_HANDLE)
            return true;
    /* A list laid out by raw: can't be read here. */
    return node_get(node_get(call->args, "raw"), "pParameterList") != NULL;
}

enum check_answer callback_needs_parameter(struct watcher_view *view)
{
    const struct call_record *call = watcher_call(view);
    if (call == NULL || (watcher_is_entry(call, "CardDeriveKey") && has_handle_parameter(call)))
        return CHECK_SILENT;
    if (call->events[EVENT_GET_DH_AGREEMENT] == 0)
        return watcher_is_entry(call, "CardDeriveKey") ? CHECK_HOLDS : CHECK_SILENT;
    return watcher_broken(view, "no call without a KDF_SECRET_HANDLE parameter",
                          arena_printf(view->facts->keep, "%" PRIu32 " in %s",
                                       call->events[EVENT_GET_DH_AGREEMENT], call->entry));
}

/* ---- what the driver prints ---- */

/* Finds the bytes' hexadecimal digits, of either case, with or without one separator between bytes.
 */
static bool prints_bytes(const char *text, struct bytes secret)
{
    for (; *text != '\0'; text++) {
        const char *at = text;
        size_t i = 0;
        for (; i < secret.len; i++) {
            char pair[3] = "";
            if (i > 0 && at[0] != '\0' && strchr(" :-", at[0]) != NULL)
                at++;
            memcpy(pair, at, strnlen(at, 2));
            static const char digits[] = "0123456789abcdef";
            if (tolower((unsigned char)pair[0]) != digits[secret.data[i] >> 4] ||
                tolower((unsigned char)pair[1]) != digits[secret.data[i] & 15])
                break;
            at += 2;
        }
        if (i == secret.len)
            return true;
    }
    return false;
}

static const char *printed_secret(struct watcher_view *view, const char *text)
{
    struct case_record *record = view->record;
    size_t looked = 0;
    for (size_t i = record->call_count; i-- > 0 && looked < WATCH_WORDS_MAX;) {
        struct bytes key;
        bool masked;
        if (watcher_is_entry(record->calls[i], "CardDeriveKey") &&
            key_of_call(&record->arena, record->calls[i], &key, &masked) && key.len >= 8 &&
            ++looked > 0 && prints_bytes(text, key))
            return "a derived key";
    }
    for (size_t i = record->agreement_count; i-- > 0 && looked < WATCH_WORDS_MAX; looked++) {
        const struct curve *curve;
        struct bytes z;
        if (key_secret(&view->facts->key, record, &record->agreements[i], &curve, &z) == NULL &&
            prints_bytes(text, z))
            return "the secret of an agreement";
    }
    return NULL;
}

enum check_answer output_holds_no_secret(struct watcher_view *view)
{
    const char *found = NULL;
    for (size_t i = 0; i < 2 && found == NULL; i++)
        if (view->record->printed[i] != NULL)
            found = printed_secret(view, view->record->printed[i]);
    if (found == NULL)
        return CHECK_HOLDS;
    view->why->outcome = OUTCOME_WARN;
    return watcher_broken(view, "no secret in what the driver prints", found);
}
