/* SPDX-License-Identifier: Apache-2.0 */
/* For the judge's tests: short traces from parts, and the results of judging them as one line.
 *
 * JSON is written with ' for ", so that it fits into C.  Every trace has the catalogue and the
 * capabilities below; container 0 is the P-256 key of spec.md 7.2 K2. */
#ifndef MDCTS_JUDGE_FIXTURE_H
#define MDCTS_JUDGE_FIXTURE_H

#include "unit.h"

#include "judge.h"

/* The private key of K2, and the secret that it shares with container 0. */
#define PEER_PRIVATE "020990d2e336acfe83136c881aab9bddaa8aee699a6a62866a136988b7d5a3cd"
#define KEY_SHA256   "d50436cab816094b7d7d52a19339793d70a1e621c11e7b5bf47aa2552bb0df59"
#define KEY_SHA1     "1be7bf0f651ed007f9f477484839d0f8f3cefc89"
#define SHA256_NAME                                                                                \
    "530048004100320035003600"                                                                     \
    "0000"

/* Events of case 0. */
#define BEGIN          "{'e':'begin','c':0}\n"
#define END            "{'e':'end','c':0,'us':5,'ending':'clean'}\n"
#define EVENT(s, rest) "{'c':0,'s':" #s "," rest "}\n"
#define CALL(s, entry, args)                                                                       \
    EVENT(s, "'e':'call','entry':'" entry "','context':'main','args':{" args "}")
/* out: the members of "out". */
#define RETURN(s, status, out) EVENT(s, "'e':'return','us':1,'status':" #status ",'out':{" out "}")

#define DONE(s, entry, args, status, out) CALL(s, entry, args) RETURN(s, status, out)

#define ACQUIRED(s) DONE(s, "CardAcquireContext", "'version':7", 0, "'dwVersion':7")
#define PROVED(s)   DONE(s, "CardAuthenticateEx", "'role':1", 0, "")
#define AGREED(s, index)                                                                           \
    DONE(s, "CardConstructDHAgreement",                                                            \
         "'container':0,'curve':'P-256','peer_private':'" PEER_PRIVATE "'", 0,                     \
         "'bSecretAgreementIndex':" #index)
#define DERIVE_ARGS(parameters)                                                                    \
    "'index':3,'agreement':'z','kdf':'HASH','flags':0,'version':1,'parameters':" parameters
#define SHA256_PARAMETER                                                                           \
    "[{'type':0,'name':'KDF_HASH_ALGORITHM','cb':14,'value':'" SHA256_NAME "'}]"
#define DELETED(s) DONE(s, "CardDeleteContext", "", 0, "")

/* Steps. */
#define STEP_ACQUIRED "{'acquire':{'version':7},'line':1}"
#define STEP_PROVED   "{'authenticate':{},'line':2}"
#define STEP_AGREED   "{'construct':{'curve':'P-256','as':'z'},'line':3}"
#define SETUP_STEPS   STEP_ACQUIRED "," STEP_PROVED "," STEP_AGREED
#define SETUP_EVENTS  ACQUIRED(1) PROVED(2) AGREED(3, 3)
#define STEP_DERIVE(expect)                                                                        \
    "{'derive':{'agreement':'$z','kdf':'HASH','parameters':[{'KDF_HASH_ALGORITHM':'SHA256'}]},"    \
    "'expect':" expect ",'line':4}"

struct judge_row {
    const char *name;
    const char *requirement, *steps, *events;
    const char *expected; /* see judge_summary() */
};

/* The trace of one case, from its parts.  end: the trace's last line, or "". */
char *judge_text(struct arena *arena, const struct judge_row *row, const char *end);

/* Judges a text; JUDGE_OK or why not. */
enum judge_status judge_a_text(struct arena *arena, const char *text, struct results *out);

/* "CASE VERDICT[ Rnnn:OUTCOME...]" for the case and for every other result that isn't PASS, joined
 * by
 * "; ". */
char *judge_summary(struct arena *arena, const struct results *results);

/* Judges each row and compares. */
void judge_check_rows(const struct judge_row *rows, size_t count);

#endif
