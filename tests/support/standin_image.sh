#!/bin/sh
# Builds the sandbox image where no base image can be pulled: a Debian with Python stands in for
# python:3.12-slim, the rest is deploy/sandbox/Dockerfile itself. Does nothing when the image is there.
# Usage: standin_image.sh IMAGE      (as root; needs docker and debootstrap)
set -eu
image=$1
base=toolguild-standin-base:1
here=$(cd "$(dirname "$0")" && pwd)
recipe=$here/../../deploy/sandbox

docker image inspect "$image" >/dev/null 2>&1 && exit 0
if ! docker image inspect "$base" >/dev/null 2>&1; then
    root=$(mktemp -d)
    trap 'rm -rf "$root"' EXIT
    # The mirror that apt uses here; with none found, debootstrap takes its own default.
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null | grep -v security | head -n 1)
    # shellcheck disable=SC2086
    debootstrap --variant=minbase --include=python3,python3-pip,ca-certificates,nodejs \
        bookworm "$root" ${mirror:-} >/dev/null
    rm -rf "$root"/var/cache/apt/archives/*.deb
    # What this machine trusts and where it installs from, so that the build can download as it does.
    cp -a /etc/ssl/certs/. "$root/etc/ssl/certs/"
    mkdir -p "$root/usr/local/share/ca-certificates"
    cp -a /usr/local/share/ca-certificates/. "$root/usr/local/share/ca-certificates/"
    if [ -f /etc/pip.conf ]; then cp /etc/pip.conf "$root/etc/pip.conf"; fi
    tar -C "$root" -c . | docker import - "$base" >/dev/null
fi
docker build --network host --build-arg "BASE=$base" -t "$image" "$recipe"
