# SPDX-License-Identifier: ISC
# Evaluates a Homebrew formula with stand-ins for what it calls, and compares
# its service block with what lansplice needs. Writes a line for each fault.
#   ruby tests/lint/formula.rb FILE
require "pathname"

HOMEBREW_PREFIX = Pathname("/opt/homebrew")

# Writes down what a block calls.
class Recorder < BasicObject
  attr_reader :calls

  def initialize
    @calls = {}
  end

  %i[opt_sbin etc var].each do |name|
    define_method(name) do
      ::HOMEBREW_PREFIX / { opt_sbin: "opt/lansplice/sbin" }.fetch(name, name.to_s)
    end
  end

  def method_missing(name, *args)
    @calls[name] = args.length == 1 ? args[0] : args
  end

  def respond_to_missing?(*)
    true
  end
end

class Formula
  class << self
    attr_reader :facts, :service_calls, :has_test

    def inherited(formula)
      super
      @formula = formula
      formula.instance_variable_set(:@facts, {})
    end

    def last
      @formula
    end

    def service(&block)
      recorder = Recorder.new
      recorder.instance_eval(&block)
      @service_calls = recorder.calls
    end

    def test
      @has_test = true
    end

    %i[desc homepage license head depends_on url sha256].each do |name|
      define_method(name) { |*args| (@facts[name] ||= []) << args }
    end
  end
end

file = ARGV.fetch(0)
load file
formula = Formula.last
bad = ->(text) { puts "#{file}:1: #{text}" }

want = {
  run: %w[/opt/homebrew/opt/lansplice/sbin/lansplice run -c
          /opt/homebrew/etc/lansplice/lansplice.conf],
  run_type: :immediate,
  keep_alive: true,
  require_root: true,
  process_type: :interactive,
  working_dir: "/",
  error_log_path: "/opt/homebrew/var/log/lansplice.log",
}
plain = lambda do |value|
  case value
  when Array then value.map(&plain)
  when Pathname then value.to_s
  else value
  end
end
have = (formula.service_calls || {}).transform_values(&plain)
(want.keys | have.keys).each do |key|
  next if want[key] == have[key]

  bad.call("service: #{key} is #{have[key].inspect}, not #{want[key].inspect}")
end
facts = formula.facts
%i[desc homepage license head].each do |name|
  bad.call("no #{name}") unless facts.key?(name)
end
%w[libconfig libsodium].each do |name|
  bad.call("does not depend on #{name}") unless facts[:depends_on]&.include?([name])
end
if facts.key?(:url) != facts.key?(:sha256)
  bad.call("url and sha256 go together")
end
bad.call("no test block") unless formula.has_test
bad.call("no install") unless formula.method_defined?(:install)
