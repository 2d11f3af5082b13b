using System.Text.RegularExpressions;
using NUnit.Framework;

namespace Eager.Tests.Repository;

/// <summary>The script <c>./eager</c>: its verbs, and what setup does on machines that lack something.</summary>
public partial class CommandTests
{
    private const string InstallNinja = "apt-get install --yes --no-install-recommends ninja-build";

    [Test]
    public void Help_lists_exactly_the_verbs_that_the_script_handles()
    {
        var scripts = Directory.GetFiles(RepositoryRoot.Combine("eng"), "*.sh").Append(RepositoryRoot.Combine("eager"));
        var handled = scripts.SelectMany(script => VerbFunction().Matches(File.ReadAllText(script))).Select(match => match.Groups["verb"].Value);
        using var machine = new SimulatedMachine();

        var help = machine.Run("help");

        var listed = HelpLine().Matches(help.Output).Select(match => match.Groups["verb"].Value);
        Assert.That(listed, Is.EquivalentTo(handled));
        Assert.That(help.ExitCode, Is.Zero);
    }

    [Test]
    public void An_unknown_verb_is_one_sentence_and_exit_code_2()
    {
        using var machine = new SimulatedMachine();

        var result = machine.Run("fly");

        Assert.That(result, Is.EqualTo(new CommandResult(2, "", "eager: there is no verb 'fly'; './eager help' lists them.\n")));
    }

    [Test]
    public void Setup_installs_nothing_on_a_complete_machine()
    {
        using var machine = new SimulatedMachine();
        machine.AddNinja();

        var result = machine.Run("setup");

        Assert.That(result.ExitCode, Is.Zero, result.Error);
        Assert.That(result.Output, Does.EndWith("Ready.\n"));
        Assert.That(machine.PackageCalls, Is.Empty);
    }

    [Test]
    public void Setup_says_what_is_missing_and_installs_that_alone()
    {
        using var machine = new SimulatedMachine();

        var result = machine.Run("setup");

        Assert.That(result.ExitCode, Is.Zero, result.Error);
        Assert.That(result.Output, Does.Match(@"Ninja +missing\n").And.Contain($"Running: {InstallNinja}\n").And.EndWith("Ready.\n"));
        Assert.That(machine.PackageCalls, Is.EqualTo((string[])[InstallNinja]));
    }

    [Test]
    public void Package_lists_are_fetched_first_where_they_do_not_name_the_package()
    {
        using var machine = new SimulatedMachine { PackageListsAreFetched = false };

        var result = machine.Run("setup");

        Assert.That(result.ExitCode, Is.Zero, result.Error);
        Assert.That(machine.PackageCalls, Is.EqualTo((string[])["apt-get update", InstallNinja]));
    }

    [Test]
    public void An_installation_that_fails_is_tried_again_with_fresh_lists_and_then_reported()
    {
        using var machine = new SimulatedMachine { PackagesCanBeHad = false };

        var result = machine.Run("setup");

        Assert.That(result.ExitCode, Is.EqualTo(1));
        Assert.That(result.Error, Does.Contain("apt-get failed").And.Contain("E: 404"));
        Assert.That(machine.PackageCalls, Is.EqualTo((string[])[InstallNinja, "apt-get update", InstallNinja]));
    }

    [Test]
    public void A_user_without_rights_is_told_the_command_and_nothing_is_run()
    {
        using var machine = new SimulatedMachine { UserIsRoot = false };

        var result = machine.Run("setup");

        Assert.That(result.ExitCode, Is.EqualTo(1));
        Assert.That(result.Error, Does.EndWith($"\n {InstallNinja}\n"));
        Assert.That(machine.PackageCalls, Is.Empty);
    }

    [Test]
    public void A_user_whose_sudo_asks_no_password_installs_through_it()
    {
        using var machine = new SimulatedMachine { UserIsRoot = false, SudoWorks = true };

        var result = machine.Run("setup");

        Assert.That(result.ExitCode, Is.Zero, result.Error);
        Assert.That(machine.PackageCalls, Is.EqualTo((string[])[InstallNinja]));
    }

    [Test]
    public void A_machine_without_apt_is_told_what_to_install_by_hand()
    {
        using var machine = new SimulatedMachine { HasApt = false };

        var result = machine.Run("setup");

        Assert.That(result.ExitCode, Is.EqualTo(1));
        Assert.That(result.Error, Does.StartWith("eager: this machine has no apt-get; install by hand: Ninja."));
    }

    [Test]
    public void A_machine_without_dotnet_is_told_where_to_get_it()
    {
        using var machine = new SimulatedMachine { HasDotnet = false };
        machine.AddNinja();

        var result = machine.Run("setup");

        Assert.That(result.ExitCode, Is.EqualTo(1));
        Assert.That(result.Error, Does.StartWith("eager: the .NET 10 SDK is missing: install "));
    }

    [TestCase("setup")]
    [TestCase("train")]
    [TestCase("doctor")]
    public void A_LIBTORCH_that_holds_no_LibTorch_is_one_sentence(string verb)
    {
        using var machine = new SimulatedMachine();

        var result = machine.Run(verb, ("LIBTORCH", "/nonexistent"));

        Assert.That(result.ExitCode, Is.EqualTo(1));
        Assert.That(result.Output, Is.Empty);
        Assert.That(result.Error, Does.StartWith("eager: LIBTORCH is '/nonexistent', which holds no LibTorch").And.Match(@"^[^\n]+\n$"));
    }

    [GeneratedRegex(@"^verb_(?<verb>\w+)\(\)", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex VerbFunction();

    [GeneratedRegex(@"^  (?<verb>\w+) +\w", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex HelpLine();
}
