# shellcheck shell=bash
# Building everything and running the tests; the last line counts the results. Sourced by ../eager.

# Projects and single-file programs of examples/, bench/ and eng/ that building the solution does not reach.
programs_outside_solution() {
  local file
  while IFS= read -r file; do
    case $file in
      *.csproj) grep -qF "$(basename -- "$file")\"" "$root/Eager.sln" || say "$file" ;;
      *.cs) ! grep -q '^#:' "$file" || say "$file" ;;
    esac
  done < <(find "$root/examples" "$root/bench" "$root/eng" \( -name bin -o -name obj \) -prune -o \
    \( -name '*.csproj' -o -name '*.cs' \) -print 2>/dev/null | sort)
}

build_programs_outside_solution() {
  local program
  while IFS= read -r program; do
    say "Building ${program#"$root"/}"
    case $program in
      *.csproj) msbuild_quietly "$program" ;;
      *) dotnet build "$program" --configuration "$configuration" --nologo --verbosity quiet ;;
    esac
  done < <(programs_outside_solution)
}

# Sum of one attribute of <Counters> over the result files of a run.
sum_counter() {
  local results=$1 name=$2
  find "$results" -name '*.trx' -exec sed -n "s/.*<Counters .*\b$name=\"\([0-9]*\)\".*/\1/p" {} + |
    awk '{ sum += $1 } END { print sum + 0 }'
}

# A host that died, and an adapter that failed, leave an error in the result file that belongs to no test.
was_cut_short() { grep -rqs --include='*.trx' '<RunInfo .*outcome="Error"' "$1"; }

# What the table of operations ran: its rows and checks are counted from the results, the operations by its coverage test.
print_op_table() {
  find "$1" -name '*.trx' -exec cat {} + | awk '
    function attribute(key) { return match($0, " " key "=\"[^\"]*\"") ? substr($0, RSTART + length(key) + 3, RLENGTH - length(key) - 4) : "" }
    /<UnitTestResult / { passed[attribute("testId")] = attribute("outcome") == "Passed" }
    /<UnitTest / { id = attribute("id"); name = attribute("name") }
    /<TestMethod .*className="Eager\.Tests\.OpTable\.OpTableTests"/ && passed[id] {
      checks++
      sub(/^[^(]*\(/, "", name)
      if (!(name in seen)) { seen[name]; rows++ }
    }
    match($0, /[0-9]+ declared operations/) { operations = substr($0, RSTART, RLENGTH) ", " }
    END { if (checks) print "Op table: " operations rows " rows, " checks " checks passed" }'
}

# Prints the summary line from the result files; fails unless some test ran and all that ran passed.
summarize() {
  local results=$1 status=$2 total passed failed skipped
  total=$(sum_counter "$results" total)
  passed=$(sum_counter "$results" passed)
  skipped=$((total - $(sum_counter "$results" executed)))
  failed=$((total - passed - skipped))
  if was_cut_short "$results" || [[ $status != 0 && $failed == 0 ]]; then
    failed=$((failed + 1))
    say "The test run broke off (dotnet test left with $status): the test that brought it down counts as failed," \
      'and those without a result are not counted.'
  elif [[ $total == 0 ]]; then
    status=1
    say 'No test ran: does the filter name any?'
  fi
  print_op_table "$results"
  if [[ $skipped == 0 ]]; then say "$passed passed, $failed failed"
  else say "$passed passed, $failed failed, $skipped skipped"; fi
  [[ $status == 0 && $failed == 0 ]]
}

compare_with_pytorch() {
  ensure_ready peers
  build_and_exec "$root/bench/Eager.AgainstPyTorch" "$root/bench/peers/torch_values.py" "$@"
}

verb_test() {
  if [[ ${1:-} == --against-pytorch ]]; then
    shift
    compare_with_pytorch "$@"
  fi
  local results=$root/artifacts/tests status=0
  [[ $# == 0 || $1 == -* ]] || set -- --filter "$@"
  verb_build
  # Those who choose tests work on something; the complete run sees to what no test builds.
  [[ $# != 0 ]] || build_programs_outside_solution
  rm -rf "$results"
  dotnet test "$root/Eager.sln" --configuration "$configuration" --no-build --nologo --blame \
    --logger trx --results-directory "$results" "$@" </dev/null || status=$?
  summarize "$results" "$status"
}
