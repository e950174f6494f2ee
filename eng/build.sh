# Sourced by ./gpusvm, ./test and .ci/run, which set $root: the SDK, the lock and the build that they share.

# Ends with 127 unless `dotnet` is there with an SDK that global.json accepts.
require_sdk() {
    local wanted
    if ! (cd "$root" && dotnet --version) >/dev/null 2>&1; then
        wanted=$(sed -n 's/.*"version": *"\([0-9.]*\)".*/\1/p' "$root/global.json")
        echo "gpusvm: needs the .NET SDK $wanted or a later ${wanted%.*} feature band, and finds none on PATH." \
            "SDKs come from https://dotnet.microsoft.com/download" >&2
        exit 127
    fi
}

# One build of a checkout at a time. The lock is file descriptor 9 and ends with the process at the latest.
lock_build() {
    mkdir -p "$root/artifacts"
    exec 9>"$root/artifacts/build.lock"
    flock 9
}

unlock_build() {
    exec 9>&-
}

# Builds a project or solution in Release and prints nothing but errors. Nothing that outlives the build may inherit the lock.
build_release() {
    DOTNET_NOLOGO=1 dotnet msbuild "$1" -restore -property:Configuration=Release -maxCpuCount -nodeReuse:false -noLogo -verbosity:quiet 9>&-
}
