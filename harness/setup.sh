# SPDX-License-Identifier: Apache-2.0
# Sourced by demo.sh and test.sh: finds what is missing, says so, and installs it where apt-get is at hand.
# Uses: need KIND NAME PACKAGE for each thing, then setup_install.  KIND is command, library (pkg-config), file, or sanitizer (of a compiler).

missing=
install=yes

say() {
    printf '%s\n' "$*"
}

fail() { # EXIT-CODE SENTENCE
    code=$1
    shift
    printf '%s: error: %s\n' "${0##*/}" "$*" >&2
    exit "$code"
}

is_there() { # KIND NAME
    case $1 in
    command) command -v "$2" >/dev/null 2>&1 || [ -x "/usr/sbin/$2" ] || [ -x "/sbin/$2" ] ;;
    library) pkg-config --exists "$2" 2>/dev/null ;;
    file) [ -e "$2" ] ;;
    sanitizer) echo 'int main(void) { return 0; }' |
        "$2" -fsanitize=address,undefined -x c - -o /dev/null 2>/dev/null ;;
    esac
}

need() { # KIND NAME PACKAGE
    if ! is_there "$1" "$2"; then
        case " $missing " in
        *" $3 "*) ;;
        *) missing="$missing $3" ;;
        esac
    fi
}

need_build() {
    need command cc gcc
    need file /usr/include/stdio.h libc6-dev
    need command cmake cmake
    need command ninja ninja-build
    need command pkg-config pkg-config
    need library yaml-0.1 libyaml-dev
    need library jansson libjansson-dev
    need library libcrypto libssl-dev
    need library libxml-2.0 libxml2-dev
    need library libpcsclite libpcsclite-dev
    need library libdw libdw-dev
    need library cmocka libcmocka-dev
    need command pcscd pcscd
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

setup_install() {
    [ -n "$missing" ] || return 0
    if [ "$install" = no ]; then
        fail 3 "these packages are missing:$missing"
    fi
    if ! command -v apt-get >/dev/null 2>&1; then
        fail 3 "there is no apt-get here; please install what Debian calls:$missing"
    fi
    if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null 2>&1; then
        fail 3 "neither root nor sudo; as root run: apt-get install$missing"
    fi
    say "Installing with apt-get:$missing"
    log=$(mktemp)
    # The list may be old or absent on a fresh system.  Nothing that is installed may start asking.
    # shellcheck disable=SC2086
    if ! { as_root apt-get update -q &&
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing; } \
        >"$log" 2>&1 </dev/null; then
        tail -n 20 "$log" >&2
        rm -f "$log"
        fail 3 "apt-get could not install$missing (its last words are above)"
    fi
    rm -f "$log"
}
