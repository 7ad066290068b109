#!/usr/bin/env bash
# Gets the tools that make an APK, in addition to toolchain.sh: Debian's packages, and two that only its release
# bullseye still has, a dexer and an android.jar. Those are not installed but unpacked in android_demo/.cache.
# Sourced, it only defines its functions.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=toolchain.sh
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"

# dexdump and enjarify are for the tests.
APP_PACKAGES=(aapt android-framework-res apksigner clang-14 dexdump enjarify libc6-dev libc6-dev-arm64-cross
    lld-14 unzip zipalign)

OLD_RELEASE=bullseye
OLD_KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
DX_DEB=dalvik-exchange=10.0.0+r36-1
DX_SHA256=8fc128db7c27253d963eb9b33de79b197162a4749d2ba69019b2fd0664cbd7fe
STUBS_DEB=libandroid-23-java=6.0.1+r72-6
STUBS_SHA256=8af1b6df556971dda0a6da3536ea526a838e0c363afcdd454213d8bce94793e3

# In the cache once app_toolchain has run; build.sh reads them.
# shellcheck disable=SC2034
DX_JAR=$CACHE/bullseye/usr/share/java/com.android.dx-10.0.0.jar
# shellcheck disable=SC2034
ANDROID_JAR=$CACHE/bullseye/usr/share/java/com.android.android-23.jar
# shellcheck disable=SC2034
FRAMEWORK=/usr/share/android-framework-res/framework-res.apk

bullseye() { unpacked bullseye "$DX_SHA256 $STUBS_SHA256" unpack_bullseye; }

unpack_bullseye() { # download result
    local mirror
    # shellcheck disable=SC2016 # apt's own variable
    mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | head -n 1)
    if [[ -z $mirror ]]; then
        echo "apt knows no Debian mirror, so there is none to take $OLD_RELEASE's packages from" >&2
        return 1
    fi
    private_apt "$1" "$mirror" || return
    (cd "$1" && APT_CONFIG=$1/apt.conf apt-get download -qq "$DX_DEB" "$STUBS_DEB") || return
    check_sha256 "$1/dalvik-exchange_${DX_DEB#*=}_all.deb" "$DX_SHA256" || return
    check_sha256 "$1/libandroid-23-java_${STUBS_DEB#*=}_all.deb" "$STUBS_SHA256" || return
    local package
    for package in "$1"/*.deb; do
        dpkg-deb --extract "$package" "$2" || return
    done
}

private_apt() { # folder mirror [deb-src]: an apt that knows the old release and nothing of this system's state
    mkdir -p "$1/state/lists/partial" "$1/cache/archives/partial" || return
    echo "${3:-deb} [signed-by=$OLD_KEYRING] $2 $OLD_RELEASE main" >"$1/sources.list"
    cat >"$1/apt.conf" <<END
Dir::State "$1/state";
Dir::State::Status "/dev/null";
Dir::Cache "$1/cache";
Dir::Etc::SourceList "$1/sources.list";
Dir::Etc::SourceParts "/dev/null";
APT::Sandbox::User "";
END
    APT_CONFIG=$1/apt.conf apt-get update -qq
}

app_toolchain() {
    common_toolchain "${APP_PACKAGES[@]}"
    bullseye
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
    app_toolchain
fi
