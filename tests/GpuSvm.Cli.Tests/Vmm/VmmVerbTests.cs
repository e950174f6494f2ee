using System.Diagnostics;

namespace GpuSvm.Cli.Tests.Vmm;

/// <summary>The verbs as a user runs them.</summary>
public sealed class VmmVerbTests
{
    private const string Script = "new unmanaged 0 0x400000\nget 0 1 0 0 21 0x400000\npfnmap 21 0x200000 0x200000 1*0x10000013\n";

    [Fact]
    public async Task A_file_is_carried_out()
    {
        using var file = new TemporaryFile(Script + "bogus\ndump\n");

        ToolResult result = await Tool.RunAsync("vmm", "run", "-n", file.Path);

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Equal(
            """
            1 new ok 0x0 0x400000
            2 get ok 0x0
            3 pfnmap ok v=1x1
            4 bogus badline
            5 dump ok
            vmm 0x0000000000000 0x0000000400000 refs=1
            vma 0x0000000000000 0x0000000200000 UR---- page=- refd=- mem=-
            vma 0x0000000200000 0x0000000200000 UR-P-M page=- refd=3 mem=-
            pde 4 0x0000000000000 1 0x0000000000000002
            pde 3 0x0000000000000 1 0x0000000000000002
            pde 2 0x0000000000000 1 0x0000000000000002
            pde 1 0x0000000200000 1 0x0000000001000081 0x0000000000000000
            cnt ptalloc=4 ptfree=0 ptlive=4 flush=0,0,0,0,0 dmamap=0 dmaunmap=0 mem=0
            end
            6 teardown ok pt=0 sw=0 mem=0 dma=0 warn=0

            """,
            result.Output);
    }

    [Theory]
    [InlineData("run")]
    [InlineData("run -")]
    public async Task Standard_input_is_carried_out(string verb)
    {
        using var file = new TemporaryFile("new managed 0 0\nend\nbogus\n");

        ToolResult result = await Tool.StartAsync(
            "sh", "-c", $"dotnet '{Path.Combine(AppContext.BaseDirectory, "GpuSvm.Cli.dll")}' vmm {verb} < '{file.Path}'");

        Assert.Equal(
            (0, "1 new ok 0x0 0x2000000000000\n2 end ok\n3 teardown ok pt=0 sw=0 mem=0 dma=0 warn=0\n", ""),
            (result.ExitCode, result.Output, result.Error));
    }

    [Fact]
    public async Task A_pipe_is_carried_out()
    {
        using var file = new TemporaryFile("");
        string pipe = file.Path + ".pipe";
        using (Process make = Process.Start("mkfifo", [pipe]))
        {
            await make.WaitForExitAsync();
        }

        try
        {
            Task<ToolResult> run = Tool.RunAsync("vmm", "run", pipe);
            await File.WriteAllTextAsync(pipe, "end\n");

            Assert.Equal("1 end ok\n2 teardown ok pt=0 sw=0 mem=0 dma=0 warn=0\n", (await run).Output);
        }
        finally
        {
            File.Delete(pipe);
        }
    }

    [Theory]
    [InlineData("run")]
    [InlineData("check")]
    [InlineData("xlat")]
    public async Task A_file_that_cannot_be_read_is_told_in_one_line(string verb)
    {
        string[] more = verb == "xlat" ? ["0"] : [];

        ToolResult missing = await Tool.RunAsync(["vmm", verb, "/no/such/file", .. more]);
        ToolResult folder = await Tool.RunAsync(["vmm", verb, Path.GetTempPath(), .. more]);

        Assert.Equal((2, "", "gpusvm: /no/such/file: no such file\n"), (missing.ExitCode, missing.Output, missing.Error));
        Assert.Equal(
            (2, "", $"gpusvm: {Path.GetTempPath()}: is a directory, expected a file\n"), (folder.ExitCode, folder.Output, folder.Error));
    }

    [Fact]
    public async Task Each_level_of_a_walk_is_shown()
    {
        using var file = new TemporaryFile(Script);

        ToolResult result = await Tool.RunAsync("vmm", "xlat", file.Path, "0x200123", "0");

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Contains("0x200123: map shift=21 vram 0x10000123 flags=0x81 kind=0x00\n", result.Output);
        Assert.Contains("\n0x0: fault\n", result.Output);
        Assert.Matches(@"│ PD3 +│ 0x100000000 +│ 0 +│ 0x0000000010000102 +│ table 0x100001000 +│", result.Output);
        Assert.Matches(
            @"│ PD0 +│ 0x100003000 +│ 1 +│ 0x0000000001000081 0x0000000000000000 +│ page of 2 MiB, vram 0x10000000, no atomics +│",
            result.Output);
    }

    [Theory]
    [InlineData("0x2000000000000")]
    [InlineData("here")]
    public async Task An_address_that_is_none_is_refused(string address)
    {
        using var file = new TemporaryFile(Script);

        ToolResult result = await Tool.RunAsync("vmm", "xlat", file.Path, address);

        Assert.Equal(
            (2, "", $"gpusvm: ADDRESS {address}: expected a number below 2^49, decimal or 0x…\n"),
            (result.ExitCode, result.Output, result.Error));
    }

    [Fact]
    public async Task A_walk_needs_an_address_space()
    {
        using var file = new TemporaryFile("new managed 0 0\nunref\n");

        ToolResult result = await Tool.RunAsync("vmm", "xlat", file.Path, "0");

        Assert.Equal(
            (2, $"gpusvm: {file.Path}: leaves no address space, expected a script that makes one and keeps it\n"),
            (result.ExitCode, result.Error));
    }

    [Fact]
    public async Task A_good_state_passes_the_check()
    {
        using var file = new TemporaryFile(Script);

        ToolResult result = await Tool.RunAsync("vmm", "check", file.Path);

        Assert.Equal(
            (0, "books and page tables agree, and nothing is left behind\n", ""), (result.ExitCode, result.Output, result.Error));
    }

    [Fact]
    public async Task Formats_are_listed_and_shown()
    {
        ToolResult all = await Tool.RunAsync("vmm", "formats");
        ToolResult one = await Tool.RunAsync("vmm", "formats", "gp100");
        ToolResult none = await Tool.RunAsync("vmm", "formats", "gp1");

        Assert.Matches(@"│ gp100 +│ 49 +│ PD3 PD2 PD1 PD0 LPT SPT +│ 2 MiB, 64 KiB, 4 KiB +│", all.Output);
        Assert.Matches(@"│ PD0 +│ 28:21 +│ 256 +│ 16 bytes +│ 4 KiB +│ 2 MiB +│ sparse, video memory, pfn +│", one.Output);
        Assert.Matches(@"│ 53:8 +│ ADDRESS +│", one.Output);
        Assert.Equal(2, none.ExitCode);
        Assert.Matches(@"│ gf100-128k +│ 40 +│ PD0 LPT SPT +│ 128 KiB, 4 KiB +│", all.Output);
        Assert.Matches(@"│ gh100 +│ 57 +│ PD4 PD3 PD2 PD1 PD0 LPT SPT +│ 512 MiB, 2 MiB, 64 KiB, 4 KiB +│", all.Output);
        Assert.StartsWith("gpusvm: NAME gp1: is unknown, expected one of gf100-64k, ", none.Error);
    }

    [Fact]
    public async Task A_hundred_thousand_operations_are_carried_out()
    {
        List<string> lines = ["new unmanaged 0 0", "get 0 1 0 0 30 0x40000000"];
        for (int i = 0; i < 25_000; i++)
        {
            lines.AddRange(
            [
                $"pfnmap 12 0x{(i * 7919 % 262_144) << 12:x} 0x1000 1*0x1000013",
                $"pfnunmap 0x{(i * 104_729L % 262_144) << 12:x} 0x1000",
                "get 0 1 0 0 0 0x3000",
                $"xlat 0x{i << 12:x}",
            ]);
        }

        using var file = new TemporaryFile(string.Join('\n', lines));
        ToolResult result = await Tool.RunAsync("vmm", "run", file.Path);

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.EndsWith("\n100003 teardown ok pt=0 sw=0 mem=0 dma=0 warn=0\n", result.Output);
    }
}
