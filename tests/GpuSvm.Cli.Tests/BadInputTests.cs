using System.Diagnostics;

namespace GpuSvm.Cli.Tests;

/// <summary>What cannot be used is told in one line, with exit code 2 and nothing on stdout.</summary>
public sealed class BadInputTests
{
    [Theory]
    [InlineData("run histogram FILE --sms 0", "--sms 0: expected a whole number from 1 to 128 (see 'gpusvm run histogram --help')")]
    [InlineData("run histogram FILE --sms many", "--sms many: expected a whole number from 1 to 128 (see 'gpusvm run histogram --help')")]
    [InlineData("run histogram FILE --warps 65", "--warps 65: expected a whole number from 1 to 64 (see 'gpusvm run histogram --help')")]
    [InlineData("run list --seed -1", "--seed -1: expected a whole number from 0 to 18446744073709551615 (see 'gpusvm run list --help')")]
    [InlineData("run list --nodes 0", "--nodes 0: expected a whole number from 1 to 10000000 (see 'gpusvm run list --help')")]
    [InlineData("run list --nodes 1.5", "--nodes 1.5: expected a whole number from 1 to 10000000 (see 'gpusvm run list --help')")]
    [InlineData(
        "run list --fault-buffer-entries 1",
        "--fault-buffer-entries 1: expected a whole number from 2 to 1048576 (see 'gpusvm run list --help')")]
    [InlineData("run hashjoin --rows 0", "--rows 0: expected a whole number from 1 to 10000000 (see 'gpusvm run hashjoin --help')")]
    [InlineData("run sort --count 0", "--count 0: expected a whole number from 1 to 100000000 (see 'gpusvm run sort --help')")]
    [InlineData("run stream --size 0", "--size 0: expected a size from 1 B to 4 GiB, such as 64M (see 'gpusvm run stream --help')")]
    [InlineData("run stream --size 5G", "--size 5G: expected a size from 1 B to 4 GiB, such as 64M (see 'gpusvm run stream --help')")]
    [InlineData("run stream --size big", "--size big: expected a size from 1 B to 4 GiB, such as 64M (see 'gpusvm run stream --help')")]
    [InlineData("run list --vram 64", "--vram 64: expected a size from 64 KiB to 128 GiB, such as 64M (see 'gpusvm run list --help')")]
    [InlineData("run list --vram 129G", "--vram 129G: expected a size from 64 KiB to 128 GiB, such as 64M (see 'gpusvm run list --help')")]
    [InlineData("run list --placement gpu", "--placement gpu: expected system, device or auto (see 'gpusvm run list --help')")]
    [InlineData(
        "residency list --placement Auto",
        "--placement Auto: expected system, device or auto (see 'gpusvm residency list --help')")]
    [InlineData(
        "run sort --placement auto --chunks 64K",
        "--chunks 64K: expected powers of two from 2M down, each smaller than the one before, the last 4K, such as 2M,64K,4K " +
        "(see 'gpusvm run sort --help')")]
    [InlineData(
        "run sort --placement auto --chunks 4M,4K",
        "--chunks 4M,4K: expected powers of two from 2M down, each smaller than the one before, the last 4K, such as 2M,64K,4K " +
        "(see 'gpusvm run sort --help')")]
    [InlineData(
        "run sort --placement auto --chunks 64K,64K,4K",
        "--chunks 64K,64K,4K: expected powers of two from 2M down, each smaller than the one before, the last 4K, such as 2M,64K,4K " +
        "(see 'gpusvm run sort --help')")]
    [InlineData(
        "run sort --placement auto --chunks 48K,4K",
        "--chunks 48K,4K: expected powers of two from 2M down, each smaller than the one before, the last 4K, such as 2M,64K,4K " +
        "(see 'gpusvm run sort --help')")]
    [InlineData(
        "run sort --placement auto --chunks 4K,",
        "--chunks 4K,: expected powers of two from 2M down, each smaller than the one before, the last 4K, such as 2M,64K,4K " +
        "(see 'gpusvm run sort --help')")]
    [InlineData(
        "run list --placement auto --timeslice 10001",
        "--timeslice 10001: expected a whole number from 0 to 10000 (see 'gpusvm run list --help')")]
    [InlineData(
        "run list --placement auto --timeslice 0.5",
        "--timeslice 0.5: expected a whole number from 0 to 10000 (see 'gpusvm run list --help')")]
    [InlineData("run list --placement auto --read-around 12", "--read-around 12: expected a power of two from 1 to 512")]
    [InlineData("run list --chunks 64K,4K", "--chunks 64K,4K: only with --placement system, device or auto")]
    [InlineData("run list --vram 1M --timeslice 5", "--timeslice 5: only with --placement system, device or auto")]
    [InlineData("run list --read-around 1", "--read-around 1: only with --placement system, device or auto")]
    [InlineData("run list --eviction none", "--eviction none: only with --placement system, device or auto")]
    [InlineData(
        "run list --placement auto --eviction lru",
        "--eviction lru: expected scan-resistant, least-recently-used, oldest-allocation or none (see 'gpusvm run list --help')")]
    [InlineData("run list --live --simulate", "--live and --simulate: expected one of them")]
    [InlineData(
        "residency",
        "a verb is missing: expected one of wordcount, histogram, bfs, list, spmv, pagerank, hashjoin, sort, stream (see 'gpusvm residency --help')")]
    [InlineData(
        "run merge FILE",
        "'merge' is unknown: expected one of wordcount, histogram, bfs, list, spmv, pagerank, hashjoin, sort, stream (see 'gpusvm run --help')")]
    [InlineData(
        "run",
        "a verb is missing: expected one of wordcount, histogram, bfs, list, spmv, pagerank, hashjoin, sort, stream (see 'gpusvm run --help')")]
    [InlineData("walk", "'walk' is unknown: expected one of run, residency, bench, explore, hmm-tests, svm-tests, vmm (see 'gpusvm --help')")]
    [InlineData("run list --fast", "'--fast' is not an option or argument of 'gpusvm run list' (see 'gpusvm run list --help')")]
    [InlineData("run bfs FILE FILE2", "'FILE2' is not an option or argument of 'gpusvm run bfs' (see 'gpusvm run bfs --help')")]
    [InlineData("hmm-tests --seed -1", "--seed -1: expected a whole number from 0 to 18446744073709551615 (see 'gpusvm hmm-tests --help')")]
    [InlineData("explore all --schedules 0", "--schedules 0: expected a whole number from 1 to 100000000 (see 'gpusvm explore --help')")]
    public async Task A_command_line_that_makes_no_sense_is_refused(string commandLine, string expected)
    {
        using var file = new TemporaryFile("1 2\n");

        await ExpectAsync(expected, commandLine.Split(' ').Select(word => word == "FILE" ? file.Path : word));
    }

    [Theory]
    [InlineData("explore everything", "SCENARIO everything: is unknown, expected all or one of atomic-vs-cpu, ")]
    [InlineData("explore all --break everything", "--break everything: is unknown, expected all or one of no-read-retry, ")]
    [InlineData("explore all --strategy best", "Argument 'best' not recognized. Must be one of:")]
    public async Task What_cannot_be_explored_is_refused(string commandLine, string expected)
    {
        ToolResult result = await Tool.RunAsync(commandLine.Split(' '));

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.StartsWith($"gpusvm: {expected}", result.Error, StringComparison.Ordinal);
        Assert.Equal(1, result.Error.Count(character => character == '\n'));
    }

    [Theory]
    [InlineData("run wordcount")]
    [InlineData("run list --nodes")]
    public async Task A_missing_argument_is_told_in_one_line(string commandLine)
    {
        ToolResult result = await Tool.RunAsync(commandLine.Split(' '));

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Matches("^gpusvm: [^\n]+ \\(see '[^\n]+ --help'\\)\n$", result.Error);
    }

    [Theory]
    [InlineData("wordcount")]
    [InlineData("histogram")]
    [InlineData("bfs")]
    [InlineData("spmv")]
    [InlineData("pagerank")]
    public async Task A_file_that_is_missing_empty_or_a_directory_is_refused(string workload)
    {
        using var empty = new TemporaryFile("");
        string folder = Path.GetTempPath();

        await ExpectAsync("/no/such/file: no such file", ["run", workload, "/no/such/file"]);
        await ExpectAsync($"{empty.Path}: is empty or not a regular file, expected at least one byte", ["run", workload, empty.Path]);
        await ExpectAsync($"{folder}: is a directory, expected a file", ["run", workload, folder]);
    }

    [Fact]
    public async Task A_named_pipe_is_refused_and_not_waited_for()
    {
        using var file = new TemporaryFile("");
        string pipe = file.Path + ".pipe";
        using (Process make = Process.Start("mkfifo", [pipe]))
        {
            await make.WaitForExitAsync();
        }

        string link = file.Path + ".link";
        File.CreateSymbolicLink(link, pipe);
        try
        {
            await ExpectAsync($"{pipe}: is empty or not a regular file, expected at least one byte", ["run", "wordcount", pipe]);
            await ExpectAsync($"{link}: is empty or not a regular file, expected at least one byte", ["run", "wordcount", link]);
        }
        finally
        {
            File.Delete(link);
            File.Delete(pipe);
        }
    }

    [Fact]
    public async Task A_path_without_a_name_is_refused() =>
        await ExpectAsync("FILE: is an empty path, expected the name of a file", ["run", "wordcount", ""]);

    [Fact]
    public async Task A_file_that_may_not_be_read_is_refused()
    {
        using var file = new TemporaryFile("text");
        if (OperatingSystem.IsWindows() || string.Equals(Environment.UserName, "root", StringComparison.Ordinal))
        {
            return; // There every file may be read.
        }

        File.SetUnixFileMode(file.Path, UnixFileMode.None);

        await ExpectAsync($"{file.Path}: may not be read, expected a file with read permission", ["run", "wordcount", file.Path]);
    }

    [Fact]
    public async Task A_malformed_line_of_an_edge_list_is_named_by_its_number()
    {
        using var file = new TemporaryFile("# a comment\n1 2\n2 three\n");

        await ExpectAsync($"{file.Path}: line 3: '2 three': expected two integers of 64 bits", ["run", "bfs", file.Path]);
    }

    [Fact]
    public async Task A_source_that_no_edge_names_is_refused()
    {
        using var file = new TemporaryFile("1 2\n2 3\n");

        await ExpectAsync(
            $"--source 7: is not in {file.Path}, expected the id of one of its 3 nodes", ["run", "bfs", file.Path, "--source", "7"]);
    }

    [Fact]
    public async Task An_edge_list_without_edges_is_refused()
    {
        using var file = new TemporaryFile("# nothing\n\n");

        await ExpectAsync($"{file.Path}: has no edges, expected two integers on a line", ["run", "bfs", file.Path]);
    }

    private static async Task ExpectAsync(string line, IEnumerable<string> arguments)
    {
        ToolResult result = await Tool.RunAsync([.. arguments]);

        Assert.Equal((2, "", $"gpusvm: {line}\n"), (result.ExitCode, result.Output, result.Error));
    }
}
