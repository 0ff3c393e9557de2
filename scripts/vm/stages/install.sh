# shellcheck shell=bash disable=SC2016
# Sourced by the stages that install Debian 13.

# install_trixie FOLDER PACKAGES [OPTION...]: installs a Debian 13 with only these packages and their dependencies, from
# the mirrors of this machine's apt. Omits documentation and translations.
install_trixie() {
  local folder=$1 packages=$2 main security; shift 2
  main=$(mirror Debian); security=$(mirror Debian-Security)
  [ -n "$main" ] || { echo "cannot find a Debian mirror in this machine's apt sources; is this Debian, with its lists fetched?"; return 1; }
  # Use the proxies of this machine's apt, but no other settings.
  local setting
  while read -r setting; do set -- "$@" --aptopt="$setting"; done < <(apt-config dump | grep -E '^Acquire::https?::Proxy.* ".+";')
  unshare --mount mmdebstrap --mode=root --variant=essential --include="$(echo "$packages" | xargs | tr ' ' ,)" \
    --dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --skip=cleanup/reproducible "$@" trixie "$folder" \
    "deb $main trixie main" "deb $main trixie-updates main" ${security:+"deb $security trixie-security main"}
}

mirror() { apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Label: $1" | head -n 1; }
