# SPDX-License-Identifier: ISC
# typed: false
# frozen_string_literal: true

# Formula-Cookbook and Homebrew's service blocks: docs.brew.sh.
# There is no release yet, so only the newest commit can be had:
#   brew install --HEAD lansplice
# The project's address is still to be settled: homepage and head name where
# it is meant to be published, put the true one there.
# With the first release come `url` (the tarball of `make dist`) and its
# `sha256`; neither is made up here.
class Lansplice < Formula
  desc "Join Ethernet LANs through an encrypted tunnel"
  homepage "https://github.com/lansplice/lansplice"
  license "ISC"
  head "https://github.com/lansplice/lansplice.git", branch: "main"

  depends_on "pkgconf" => :build
  depends_on "libconfig"
  depends_on "libsodium"

  # PREFIX is Homebrew's own, not the keg's: the program looks there for its
  # configuration, which outlives its versions.
  def install
    stage = buildpath/"stage"
    system "make", "install", "PREFIX=#{HOMEBREW_PREFIX}", "DESTDIR=#{stage}"
    root = stage/HOMEBREW_PREFIX.to_s.delete_prefix("/")
    sbin.install root/"sbin/lansplice"
    man5.install Dir[root/"share/man/man5/*"]
    man7.install Dir[root/"share/man/man7/*"]
    man8.install Dir[root/"share/man/man8/*"]
    # A file of that name that is there already stays as it is.
    (etc/"lansplice").install "conf/lansplice.conf" => "lansplice.conf.sample"
  end

  def caveats
    <<~EOS
      Keys and configuration belong to root and into #{etc}/lansplice;
      lansplice.conf.sample shows every setting. Then:
        sudo lansplice check
        sudo brew services start lansplice
      The service runs as root from a folder that administrators can write
      to. Where that is too much, build from source: sudo make install.
    EOS
  end

  service do
    run [opt_sbin/"lansplice", "run", "-c", etc/"lansplice/lansplice.conf"]
    run_type :immediate
    keep_alive true
    require_root true
    process_type :interactive
    working_dir "/"
    error_log_path var/"log/lansplice.log"
  end

  test do
    assert_match "lansplice", shell_output("#{sbin}/lansplice version")
    assert_match(%r{\A[A-Za-z0-9+/]{43}=\n\z},
                 shell_output("#{sbin}/lansplice genkey"))
  end
end
