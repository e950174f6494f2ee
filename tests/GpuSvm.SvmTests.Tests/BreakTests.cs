using System.Text.Json;

namespace GpuSvm.SvmTests.Tests;

/// <summary>A defect in the production code fails the sections that are about it, and leaves those alone in which nothing changes under the GPU.</summary>
public sealed class BreakTests
{
    /// <summary>Sections in which memory neither moves nor goes while the GPU has seen it.</summary>
    private static readonly string[] AtRest =
        ["malloc", "malloc-mlock", "malloc-busy", "mmap", "mmap-shared", "mmap-mlock", "mmap-file", "malloc-multi-fault", "malloc-nomemset", "mmap-nomemset"];

    [Theory]
    [InlineData("flush-left-out", "malloc-fork-read malloc-fork-read-after mmap-free mmap-free-huge mmap-free-nomemset mmap-free-huge-nomemset")]
    [InlineData("cpu-flush-left-out", "malloc-prefetch mmap-prefetch new-prefetch mmap-remap-dontunmap mmap-remap-ro-dontunmap mmap-free")]
    [InlineData("remap-keeps-old-entry", "malloc-race mmap-race free-race new-race mmap-remap-dontunmap mmap-remap-ro-dontunmap-eocheck")]
    [InlineData("migrate-noop", "malloc-prefetch mmap-prefetch new-prefetch")]
    public async Task The_sections_that_are_about_a_defect_fail(string name, string sections)
    {
        string[] failed = await FailedAsync(name, "twice-*");

        Assert.Equal([], sections.Split(' ').Select(section => $"twice-{section}").Except(failed));
        Assert.Equal([], AtRest.Select(section => $"twice-{section}").Intersect(failed));
    }

    [Theory]
    [InlineData("flush-left-out", "partial-*munmap-*cpu-fault", "partial-munmap-cpu-fault partial-munmap-no-cpu-fault partial-atomic-munmap-cpu-fault")]
    [InlineData("migrate-noop", "*evict-malloc", "evict-malloc")]
    [InlineData("migrate-noop", "madvise-*", "madvise-preffered-loc-sram-migrate-pages madvise-multi-vma madvise-split-vma")]
    public async Task Other_tests_that_are_about_a_defect_fail(string name, string filter, string tests) =>
        Assert.Equal([], tests.Split(' ').Except(await FailedAsync(name, filter)));

    [Theory]
    [InlineData("no-read-retry")]
    [InlineData("dma-unmapped-before-the-flush")]
    public async Task The_explorer_finds_a_defect_that_shows_in_one_order_of_threads_alone(string name)
    {
        ToolResult result = await Tool.RunAsync(
            "explore", "twice-malloc-race-on-table-aligned", "--break", name, "--scenarios", typeof(SvmTestSuite).Assembly.Location,
            "--strategy", "pct", "--schedules", "5000", "--json");

        JsonElement row = Assert.Single(JsonDocument.Parse(result.Output).RootElement.GetProperty("results").EnumerateArray());
        Assert.True(row.TryGetProperty("failure", out _), $"{name} was not found.");
    }

    private static async Task<string[]> FailedAsync(string name, string filter)
    {
        ToolResult result = await Tool.RunWithAsync($"GPUSVM_BREAK={name}", "svm-tests", filter, "--schedules", "0", "--json");
        Assert.Equal((1, ""), (result.ExitCode, result.Error));
        return
        [
            .. JsonDocument.Parse(result.Output).RootElement.GetProperty("results").EnumerateArray()
                .Where(row => row.TryGetProperty("failure", out _))
                .Select(row => row.GetProperty("name").GetString()!),
        ];
    }
}
