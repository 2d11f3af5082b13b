using System.Diagnostics;
using NUnit.Framework;

namespace Eager.Tests.Repository;

/// <summary>The last line of <c>./eager test</c> and its exit code, made from result files.</summary>
public class TestSummaryTests
{
    private const string Complete = """<ResultSummary outcome="Completed">""";
    private const string Crashed = """<ResultSummary outcome="Failed"><RunInfos><RunInfo computerName="m" outcome="Error" timestamp="t">""";

    [TestCase(0, "12 passed, 0 failed", 0, Complete, 12, 12, 12)]
    [TestCase(0, "12 passed, 0 failed, 3 skipped", 0, Complete, 15, 12, 12)]
    [TestCase(1, "10 passed, 2 failed", 1, Complete, 12, 12, 10)]
    [TestCase(1, "0 passed, 0 failed", 0, Complete, 0, 0, 0, TestName = "A filter that names no test is no success")]
    [TestCase(1, "5 passed, 1 failed", 1, Crashed, 5, 5, 5, TestName = "The test that killed the host counts as failed")]
    [TestCase(1, "4 passed, 2 failed", 1, Crashed, 5, 5, 4, TestName = "It counts beside those that failed before")]
    [TestCase(1, "5 passed, 1 failed", 134, Complete, 5, 5, 5, TestName = "An exit code that no result explains counts as a failure")]
    public void The_last_line_counts_the_results(int exitCode, string lastLine, int runnerExitCode, string summary, int total, int executed, int passed)
    {
        using var results = new ResultFolder();
        results.Write(summary, total, executed, passed);

        Assert.That(results.Summarize(runnerExitCode), Is.EqualTo((exitCode, lastLine)));
    }

    [Test]
    public void The_results_of_several_test_projects_add_up()
    {
        using var results = new ResultFolder();
        results.Write(Complete, total: 7, executed: 6, passed: 5);
        results.Write(Complete, total: 100, executed: 100, passed: 100);

        Assert.That(results.Summarize(runnerExitCode: 1), Is.EqualTo((1, "105 passed, 1 failed, 1 skipped")));
    }

    [Test]
    public void A_run_without_any_result_file_is_a_failure()
    {
        using var results = new ResultFolder();

        Assert.That(results.Summarize(runnerExitCode: 1), Is.EqualTo((1, "0 passed, 1 failed")));
    }

    [Test]
    public void The_line_before_the_last_says_what_the_table_of_operations_ran()
    {
        using var results = new ResultFolder();
        results.Write(Complete, total: 4, executed: 4, passed: 3);
        results.WriteCases(("Values(Add)", "Passed"), ("Shapes(Add)", "Passed"), ("Values(Exp)", "Passed"), ("Values(Log)", "Failed"));

        Assert.That(results.Lines(runnerExitCode: 1)[^2], Is.EqualTo("Op table: 7 declared operations, 2 rows, 3 checks passed"));
    }

    private sealed class ResultFolder : IDisposable
    {
        private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("eager-results-");
        private int files;

        public void Write(string summary, int total, int executed, int passed) => File.WriteAllText(
            Path.Combine(folder.FullName, $"{files++}.trx"),
            $"""
            <TestRun>
              {summary}
                <Counters total="{total}" executed="{executed}" passed="{passed}" failed="{executed - passed}" notExecuted="0" />
            </TestRun>
            """);

        public void WriteCases(params (string Name, string Outcome)[] cases) => File.WriteAllText(
            Path.Combine(folder.FullName, "cases.trx"),
            $"""
            {string.Concat(cases.Select((c, i) => $"<UnitTestResult executionId=\"e\" testId=\"{i}\" testName=\"{c.Name}\" outcome=\"{c.Outcome}\" />\n"))}
            <StdOut>Operations (2): Add, Exp
            7 declared operations, 2 rows, 9 samples over their dtypes.</StdOut>
            {string.Concat(cases.Select((c, i) => $"<UnitTest name=\"{c.Name}\" storage=\"s\" id=\"{i}\">\n<TestMethod className=\"Eager.Tests.OpTable.OpTableTests\" name=\"{c.Name}\" />\n"))}
            """);

        public (int ExitCode, string LastLine) Summarize(int runnerExitCode)
        {
            (int exitCode, string[] lines) = Run(runnerExitCode);
            return (exitCode, lines[^1]);
        }

        public string[] Lines(int runnerExitCode) => Run(runnerExitCode).Lines;

        private (int ExitCode, string[] Lines) Run(int runnerExitCode)
        {
            const string Script = "set -euo pipefail; say() { printf '%s\\n' \"$*\"; }; source \"$1\"; summarize \"$2\" \"$3\"";
            string[] arguments = ["-c", Script, "bash", RepositoryRoot.Combine("eng", "test.sh"), folder.FullName, $"{runnerExitCode}"];
            using var process = Process.Start(new ProcessStartInfo("bash", arguments) { UseShellExecute = false, RedirectStandardOutput = true })!;
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, output.TrimEnd('\n').Split('\n'));
        }

        public void Dispose() => folder.Delete(recursive: true);
    }
}
