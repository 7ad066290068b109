#!/usr/bin/env bash
# Gets what draws the app's screens without a phone: Android 6.0.1's own framework and its layoutlib, built from the
# source package android-framework-23 of Debian 11, in android_demo/.cache/layoutlib. Takes two to four minutes, once.
# Sourced, it only defines its functions.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=debian.sh
source "$(dirname "${BASH_SOURCE[0]}")/debian.sh"

SCREEN_PACKAGES=(aapt aidl ecj fonts-roboto-unhinted junit4 libandroid-layoutlib-api-java
    libandroid-tools-annotations-java libandroid-tools-common-java libandroid-tools-sdklib-java libasm-java
    libguava-java libicu4j-java libkxml2-java libtagsoup-java)

FRAMEWORK_SOURCE=android-framework-23=6.0.1+r72-6
FRAMEWORK_SHA256=cca369890063830f5fa38ce7cc4ff3692582ef287f9fa4d18d3c13aac2d2f896
# Reads folders of resources. It is unpacked and not installed, for it would pull Gradle in.
SDK_COMMON_DEB=libgradle-android-plugin-java
JARS=/usr/share/java
SCREENS=$DEMO/tests/screens
# Nearly half of the files, which nothing here reads.
NOT_UNPACKED=(development external frameworks/base/{api,cmds,docs,include,libs,obex,packages,samples,services,test-runner}
    frameworks/base/core/jni frameworks/base/tools/'aapt*' libcore/{benchmarks,dom,harmony-tests,jsr166-tests,support}
    libcore/luni/src/test)

ecj() { # options...: methods that do not compile (of keystores and networks, whose libraries are elsewhere) only throw
    java -Xmx2g -cp $JARS/eclipse-jdt-core.jar org.eclipse.jdt.internal.compiler.batch.Main -proc:none -encoding UTF-8 \
        -nowarn -proceedOnError -g "$@" >>"$work/ecj.log" 2>&1 || true
}

layoutlib() { unpacked layoutlib "$FRAMEWORK_SHA256 $(sources_of_layoutlib | sha256sum)" build_layoutlib; }

sources_of_layoutlib() {
    echo "${NOT_UNPACKED[@]}"
    declare -f ecj fetch_sources java_folders generate compile_framework compile_bridge platform
    cat "$SCREENS"/*.py "$SCREENS"/java/com/android/*/*
}

build_layoutlib() { # download result
    local work=$1 result=$2
    fetch_sources "$work" || return
    generate "$work" || return
    compile_framework "$work" || return
    compile_bridge "$work" "$result" || return
    platform "$work" "$result/platform"
}

fetch_sources() { # work: src/ and debian/, sdk-common.jar
    local mirror jars
    # shellcheck disable=SC2016 # apt's own variable
    mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | head -n 1)
    (cd "$1" && apt-get download -qq "$SDK_COMMON_DEB" && dpkg-deb --extract ./*.deb debs) || return
    jars=("$1"/debs/usr/share/java/com.android.tools.sdk-common-*.jar)
    cp "${jars[0]}" "$1/sdk-common.jar" || return
    private_apt "$1" "$mirror" deb-src || return
    (cd "$1" && APT_CONFIG=$1/apt.conf apt-get source --download-only -qq "$FRAMEWORK_SOURCE") || return
    check_sha256 "$1/android-framework-23_6.0.1+r72.orig.tar.xz" "$FRAMEWORK_SHA256" || return
    mkdir "$1/src" || return
    tar -xJf "$1/android-framework-23_6.0.1+r72.orig.tar.xz" -C "$1/src" "${NOT_UNPACKED[@]/#/--exclude=}" || return
    tar -xJf "$1/android-framework-23_6.0.1+r72-6.debian.tar.xz" -C "$1" debian/android/build.prop
}

java_folders() { # work: those of the framework
    local part
    for part in core graphics location media media/mca/effect media/mca/filterfw media/mca/filterpacks drm opengl sax \
        telecomm telephony wifi keystore rs; do
        echo "$1/src/frameworks/base/$part/java"
    done
}

generate() { # work: gen/, what the framework's build generates: R, AIDL's stubs, tags of events
    local base=$1/src/frameworks/base code file includes=()
    for code in 170 380; do ln -sfn values-mcc310-mnc150 "$base/core/res/res/values-mcc310-mnc$code"; done
    mkdir "$1/gen"
    aapt package -u -x -z -m -J "$1/gen" -M "$base/core/res/AndroidManifest.xml" -S "$base/core/res/res" \
        -A "$base/core/res/assets" -F "$1/framework-res.apk" --min-sdk-version 23 --target-sdk-version 23 \
        --product default --version-code 23 --version-name 6.0.1 --skip-symbols-without-default-localization \
        >"$1/aapt.log" 2>&1 || return
    mapfile -t includes < <(java_folders "$1")
    grep -rlE '^\s*(oneway\s+)?interface ' --include='*.aidl' "${includes[@]}" | while read -r file; do
        aidl -b "${includes[@]/#/-I}" "-o$1/gen" "$file" >>"$1/aidl.log" 2>&1 || true # parcelables elsewhere
    done
    python3 "$SCREENS/event_tags.py" "$base/core/java" "$1/gen"
}

compile_framework() { # work: layoutlib.jar, whose native methods call the bridge
    local sources=() stub libcore=$1/src/libcore create=$1/src/frameworks/base/tools/layoutlib/create/src
    mkdir -p "$1/stubs/java/lang/invoke" "$1/core" "$1/framework" "$1/create"
    for stub in MethodHandle VarHandle; do
        echo "package java.lang.invoke; public abstract class $stub {}" >"$1/stubs/java/lang/invoke/$stub.java"
    done
    ecj -1.7 -d "$1/core" -cp $JARS/icu4j.jar:$JARS/junit4.jar -bootclasspath "$ANDROID_JAR" "$1/stubs" \
        "$libcore"/{luni,libart,dalvik,json,xml,dex}/src/main/java
    mapfile -t sources < <(java_folders "$1")
    ecj -1.7 -d "$1/framework" -bootclasspath "$1/core" -cp "$JARS/tagsoup.jar:$ANDROID_JAR" "$1/gen" "${sources[@]}"
    (cd "$1/core" && jar cf ../core.jar .) || return
    (cd "$1/framework" && jar cf ../framework.jar .) || return
    python3 "$SCREENS/open_to_tests.py" "$create/com/android/tools/layoutlib/create" || return
    mapfile -t sources < <(find "$create" -name '*.java')
    javac -nowarn -source 8 -target 8 -cp $JARS/asm-all.jar -d "$1/create" "${sources[@]}" 2>>"$1/javac.log" || return
    java -Xmx2g -cp "$1/create:$JARS/asm-all.jar" com.android.tools.layoutlib.create.Main "$1/layoutlib.jar" \
        "$1/core.jar" "$1/framework.jar" >"$1/create.log" 2>&1
}

screens_classpath() { # folder with layoutlib.jar, bridge/ and sdk-common.jar
    local jar path=$1/bridge:$1/layoutlib.jar:$1/sdk-common.jar
    for jar in com.android.tools.layoutlib.layoutlib-api com.android.tools.common com.android.tools.annotations \
        com.android.tools.sdklib icu4j kxml2 guava junit4; do
        path+=:$JARS/$jar.jar
    done
    echo "$path"
}

compile_bridge() { # work result
    local tool=$1/src/frameworks/base/tools/layoutlib/bridge
    cp -r "$tool/src" "$1/bridge-src"
    # It was written for another ICU and another javac; the method that it lacks is one of Android 6.0.1.
    grep -rl 'android\.icu' "$1/bridge-src" | xargs sed -i 's/android\.icu\./com.ibm.icu./g'
    sed -i -e 's/it.setText(new Segment(/it.setText((java.text.CharacterIterator) new Segment(/' \
        -e 's|^\(.*\)/\*package\*/ static long nLoadHyphenator(String|    static long nLoadHyphenator(java.nio.ByteBuffer b, int o) { return 0; }\n    @LayoutlibDelegate\n&|' \
        "$1/bridge-src/android/text/StaticLayout_Delegate.java"
    mkdir -p "$2/bridge"
    cp "$1/layoutlib.jar" "$1/sdk-common.jar" "$2"
    ecj -1.8 -d "$2/bridge" -cp "$(screens_classpath "$2")" "$SCREENS/java/com" "$1/bridge-src"
    cp -r "$tool"/resources/* "$2/bridge/"
    ecj -1.8 -d "$2/bridge" -cp "$(screens_classpath "$2")" \
        "$tool/tests/src/com/android/layoutlib/bridge/intensive/setup"
    [[ -f $2/bridge/com/android/layoutlib/bridge/Bridge.class ]]
}

platform() { # work result: what a platform of Android's SDK has
    mkdir -p "$2/data/fonts"
    mv "$1/src/frameworks/base/core/res/res" "$2/data/res"
    find /usr/share/fonts/truetype/roboto -name 'Roboto*.ttf' -exec cp {} "$2/data/fonts" ';'
    python3 "$SCREENS/fonts.py" "$2/data/fonts"
    grep -v '^ro.product.cpu.abi' "$1/debian/android/build.prop" >"$2/build.prop"
    printf 'ro.product.cpu.%s\n' abi=x86_64 abilist=x86_64 abilist32=x86 abilist64=x86_64 >>"$2/build.prop"
}

screens_toolchain() {
    common_toolchain "${SCREEN_PACKAGES[@]}"
    bullseye
    layoutlib
}

case ${BASH_SOURCE[0]} in
    "$0")
        if [[ ${1:-} == --classpath ]]; then
            screens_classpath "$CACHE/layoutlib"
        else
            screens_toolchain
        fi
        ;;
esac
