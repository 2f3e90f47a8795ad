#!/bin/sh
# Installs what the machine lacks through apt, or says in one line what to install. Usage: need.sh venv|gl|xvfb|build ...
# What is there is found out by trying it, not by package names, so a library that was removed by hand comes back.
set -u
python=${PYTHON:-python3}

opens() { "$python" -c 'import ctypes, sys; [ctypes.CDLL(name) for name in sys.argv[1:]]' "$@" 2>/dev/null; }
runs() { for program in "$@"; do command -v "$program" >/dev/null || return 1; done; }

missing() { # the packages that would bring what is asked for
    for what in "$@"; do
        case $what in
        venv) "$python" -c 'import venv, ensurepip' 2>/dev/null || echo python3 python3-venv ;;
        gl)
            opens libEGL.so.1 || echo libegl1
            opens libEGL_mesa.so.0 || opens libEGL_nvidia.so.0 || echo libegl-mesa0 # a driver behind it
            opens libGL.so.1 || echo libgl1
            ;;
        xvfb)
            runs Xvfb || echo xvfb
            runs xauth || echo xauth
            runs xdotool || echo xdotool
            ;;
        build)
            runs make || echo make
            runs git || echo git
            runs g++ || echo g++
            ;;
        esac
    done
}

[ "$(uname -s)" = Linux ] || exit 0
packages=$(missing "$@" | tr '\n' ' ')
[ -n "$packages" ] || exit 0
if runs apt-get; then
    if [ "$(id -u)" = 0 ]; then root="env"; elif sudo -n true 2>/dev/null; then root="sudo -n env"; else root=""; fi
    if [ -n "$root" ]; then
        apt="$root DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0"
        echo "installing $packages"
        $apt update </dev/null >/dev/null
        # shellcheck disable=SC2086
        $apt install -y --no-install-recommends --reinstall $packages </dev/null >/dev/null 2>&1 ||
            { # apt installs nothing more while something is missing that a package depends on
                $apt install -y --fix-broken </dev/null >/dev/null
                # shellcheck disable=SC2086
                $apt install -y --no-install-recommends --reinstall $packages </dev/null >/dev/null
            }
    fi
fi
packages=$(missing "$@" | tr '\n' ' ')
[ -z "$packages" ] || echo "missing; install these Debian packages or what they hold: $packages" >&2
