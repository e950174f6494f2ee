using System.Globalization;
using GpuSvm.Cli.Vmm.Machine;

namespace GpuSvm.Cli.Tests.Vmm;

/// <summary>The language of scripts: what parses, what a line comes to.</summary>
public sealed class ScriptLanguageTests
{
    [Theory]
    [InlineData("bogus")]
    [InlineData("new")]
    [InlineData("new managed 0")]
    [InlineData("new Managed 0 0")]
    [InlineData("new unmanaged 0 0 0")]
    [InlineData("mem 4096 vram 0 0x1000 12")]
    [InlineData("mem 1 disk 0 0x1000 12")]
    [InlineData("mem 1 vram 0x100 0x1000 12")]
    [InlineData("mem 1 vram 0 0x1001 12")]
    [InlineData("mem 1 vram 0x100000000000 0x1000 12")]
    [InlineData("mem 1 vram 0 0x80000000000 12")]
    [InlineData("mem 1 dma 0 0x400000000 12")]
    [InlineData("mem 1 vram 0 0x1000 41")]
    [InlineData("memput")]
    [InlineData("get 2 1 0 0 0 0x1000")]
    [InlineData("get 0 1 0 256 0 0x1000")]
    [InlineData("get 0 1 0 0 256 0x1000")]
    [InlineData("get 0 1 0 0 0")]
    [InlineData("sparse")]
    [InlineData("sparse 0x1000 256")]
    [InlineData("put")]
    [InlineData("put x")]
    [InlineData("put -1")]
    [InlineData("put +1")]
    [InlineData("put 0x")]
    [InlineData("put 0X1")]
    [InlineData("put 1e3")]
    [InlineData("put 18446744073709551616")]
    [InlineData("put 0x10000000000000000")]
    [InlineData("map 0 0x1000 1")]
    [InlineData("map 0 0x1000 1 0 rw")]
    [InlineData("map 0 0x1000 1 0 kind=")]
    [InlineData("unmap 0 0")]
    [InlineData("pfnmap 64 0 0")]
    [InlineData("pfnmap 12 0 0x1000 1")]
    [InlineData("pfnmap 12 0 0x1000 *1")]
    [InlineData("pfnmap 12 0 0x1000 1*")]
    [InlineData("pfnmap 12 0 0x1000 1*1+")]
    [InlineData("pfnmap 12 0 0x1000 1*1+1+1")]
    [InlineData("pfnunmap 0")]
    [InlineData("xlat")]
    [InlineData("ref 1")]
    [InlineData("fail pt")]
    [InlineData("fail pt +")]
    [InlineData("fail cpu 1")]
    [InlineData("ptlimit -1")]
    [InlineData("dump all")]
    [InlineData("end now")]
    public void A_line_that_does_not_parse_is_a_badline_and_changes_nothing(string line)
    {
        string word = line.Split(' ')[0];

        Assert.Equal(
            [$"1 {word} badline", "2 put err ENODEV", "3 teardown ok pt=0 sw=0 mem=0 dma=0 warn=0"],
            ScriptRun.Lines($"{line}\nput 0\n"));
    }

    [Theory]
    [InlineData("get 0 1 0 255 255 0x1000")]
    [InlineData("sparse 0x1000")]
    [InlineData("sparse 0x1000 21")]
    [InlineData("put 18446744073709551615")]
    [InlineData("put 0xffffFFFFffffFFFF")]
    [InlineData("map 0 0x1000 99999 0 vol ro kind=0xfe priv")]
    [InlineData("unmap 0x0")]
    [InlineData("pfnmap 63 0 0x1000 18446744073709551615*0xffffffffffffffff+0xffffffffffffffff")]
    [InlineData("pfnunmap 0 0")]
    [InlineData("xlat 0")]
    [InlineData("ref")]
    [InlineData("unref")]
    [InlineData("dump")]
    [InlineData("digest")]
    [InlineData("check")]
    public void What_needs_an_address_space_says_that_there_is_none(string line) =>
        Assert.Equal([$"{line.Split(' ')[0]} err ENODEV"], ScriptRun.Results(line));

    [Fact]
    public void Comments_blank_lines_and_kinds_of_blanks_do_not_count() => Assert.Equal(
        ["new ok 0x1000 0x3000", "get ok 0x1000", "put err ENOENT"],
        ScriptRun.Results("# all", "", "  \t", "new\tunmanaged  0x1000 8192\r", " get 0 1 0 0 0 0x1000# one page", "put 0#1000", "#"));

    [Fact]
    public void Nothing_after_the_end_is_read() => Assert.Equal(
        ["1 end ok", "2 teardown ok pt=0 sw=0 mem=0 dma=0 warn=0"], ScriptRun.Lines("end\nbogus\n"));

    [Fact]
    public void An_empty_script_is_one() => Assert.Equal(["1 teardown ok pt=0 sw=0 mem=0 dma=0 warn=0"], ScriptRun.Lines(""));

    [Fact]
    public void There_is_one_address_space_at_a_time() => Assert.Equal(
        ["new ok 0x0 0x2000000000000", "new err EEXIST", "ref ok", "unref ok", "unref ok destroyed ptlive=0 dma=0", "unref err ENODEV",
            "new ok 0x0 0x2000000000000"],
        ScriptRun.Results("new managed 0 0", "new unmanaged 0 0", "ref", "unref", "unref", "unref", "new managed 0 0"));

    [Fact]
    public void Memory_has_an_id_and_lives_on_while_it_is_mapped() => Assert.Equal(
        ["mem ok", "mem err EEXIST", "new ok 0x0 0x10000", "get ok 0x0", "map ok", "memput ok", "memput err ENOENT", "map err ENOENT",
            "mem ok"],
        ScriptRun.Results("mem 1 vram 0 0x1000 12", "mem 1 vram 0 0x1000 12", "new unmanaged 0 0x10000", "get 0 1 0 0 0 0x1000",
            "map 0 0x1000 1 0", "memput 1", "memput 1", "map 0 0x1000 1 0", "mem 1 host 0 0x1000 12"));

    [Fact]
    public void Live_memory_is_counted_in_a_dump() => Assert.EndsWith(
        " mem=2",
        ScriptRun.Lines(
            "mem 1 vram 0 0x1000 12\nmem 2 vram 0 0x1000 12\nmem 3 vram 0 0x1000 12\nmemput 2\nnew managed 0 0\nmap 0 0x1000 3 0\n" +
            "memput 3\ndump\n").Single(line => line.StartsWith("cnt ", StringComparison.Ordinal)));

    [Fact]
    public void Lists_of_pages_have_room_for_128_GiB() => Assert.Equal(
        ["mem ok", "mem ok", "mem ok", "mem ok", "mem ok", "mem ok", "mem ok", "mem ok", "mem err ENOMEM", "memput ok", "mem ok",
            "mem err ENOMEM"],
        ScriptRun.Results([.. Enumerable.Range(0, 9).Select(id => $"mem {id} dma 0 0x3fffff000 12"), "memput 3",
            "mem 9 dma 0 0x3fffff000 12", "mem 10 dma 0 0x3fffff000 12"]));

    [Fact]
    public void Counts_begin_anew_with_each_address_space() => Assert.Equal(
        ["cnt ptalloc=5 ptfree=0 ptlive=5 flush=0,0,0,0,0 dmamap=1 dmaunmap=0 mem=0",
            "cnt ptalloc=1 ptfree=0 ptlive=1 flush=0,0,0,0,0 dmamap=0 dmaunmap=0 mem=0"],
        ScriptRun.Lines("new managed 0 0\npfnmap 12 0 0x1000 1*3\ndump\nunref\nnew managed 0 0\ndump\n")
            .Where(line => line.StartsWith("cnt ", StringComparison.Ordinal)));

    [Fact]
    public void Memory_that_is_made_of_pages_below_4_KiB_cannot_be_mapped() => Assert.Equal(
        ["mem ok", "new ok 0x0 0x2000000000000", "map err EINVAL"],
        ScriptRun.Results("mem 1 vram 0 0x1000 11", "new managed 0 0", "map 0 0x1000 1 0"));

    [Theory]
    [InlineData("", "0x00000000 flags=0x01 kind=0x00")]
    [InlineData("ro", "0x00000000 flags=0x41 kind=0x00")]
    [InlineData("priv vol", "0x00000000 flags=0x29 kind=0x00")]
    [InlineData("kind=0xfe", "0x00000000 flags=0x01 kind=0xfe")]
    public void Option_words_set_the_entry(string options, string expected) => Assert.Equal(
        "xlat ok map shift=12 vram " + expected.Replace("0x00000000", "0x7123"),
        ScriptRun.Results("mem 1 vram 0x5000 0x3000 12", "new managed 0 0", $"map 0x1000 0x1000 1 0x2000 {options}", "xlat 0x1123")[^1]);

    [Theory]
    [InlineData("host", "", "host 0x5000 flags=0x09")]
    [InlineData("dma", "", "host 0x5000 flags=0x09")]
    [InlineData("host", "ro", "host 0x5000 flags=0x41")]
    [InlineData("ncoh", "", "ncoh 0x5000 flags=0x01")]
    public void Memory_of_the_host_is_volatile_unless_an_option_is_given(string target, string options, string expected) => Assert.Equal(
        $"xlat ok map shift=12 {expected} kind=0x00",
        ScriptRun.Results($"mem 1 {target} 0x5000 0x1000 12", "new managed 0 0", $"map 0 0x1000 1 0 {options}", "xlat 0")[^1]);

    [Theory]
    [InlineData("kind=1")]
    [InlineData("kind=255")]
    [InlineData("kind=256")]
    [InlineData("kind=0xffffffffffffffff")]
    public void Other_kinds_are_refused(string option) => Assert.Equal(
        "map err EINVAL", ScriptRun.Results("mem 1 vram 0 0x1000 12", "new managed 0 0", $"map 0 0x1000 1 0 {option}")[^1]);

    [Theory]
    [InlineData("pfnmap 12 0 0x3000 1*0x1003 1*0 1*2", "pfnmap ok v=1x1,2x0")]
    [InlineData("pfnmap 12 0 0x3000 3*0x1003+0x1000", "pfnmap ok v=3x1")]
    [InlineData("pfnmap 12 0 0x3000 2*0x1003", "pfnmap err EINVAL")]
    [InlineData("pfnmap 12 0 0x3000 4*0x1003", "pfnmap err EINVAL")]
    [InlineData("pfnmap 12 0 0x3000 18446744073709551615*0 4*0", "pfnmap err EINVAL")]
    [InlineData("pfnmap 12 0 0x3001 3*0", "pfnmap err EINVAL")]
    [InlineData("pfnmap 13 0 0x2000 1*0", "pfnmap err EINVAL")]
    [InlineData("pfnmap 12 0 0", "pfnmap ok")]
    [InlineData("pfnmap 12 0 0 1*0", "pfnmap err EINVAL")]
    [InlineData("pfnmap 12 0 0x1000000000000 68719476736*0", "pfnmap err ENOMEM")]
    [InlineData("pfnmap 0 0 0xffffffffffffffff 18446744073709551615*0", "pfnmap err EINVAL")]
    [InlineData("pfnmap 12 0xfffffffffffff000 0x1000 1*3", "pfnmap err EINVAL")]
    [InlineData("pfnunmap 0xffffffffffffffff 2", "pfnunmap err EINVAL")]
    [InlineData("pfnunmap 0xffffffffffffffff 0", "pfnunmap ok")]
    [InlineData("xlat 0x2000000000000", "xlat err EINVAL")]
    [InlineData("xlat 0x1ffffffffffff", "xlat ok fault")]
    public void Sizes_and_counts_are_checked(string line, string expected) =>
        Assert.Equal(expected, ScriptRun.Results("new managed 0 0", line)[^1]);

    [Theory]
    [InlineData("fail pt 1", "v=1x0 v=1x1 v=1x1")]
    [InlineData("fail sw 1", "v=1x0 v=1x1 v=1x1")]
    [InlineData("fail vma 1", "v=1x0 v=1x1 v=1x1")]
    [InlineData("fail pt 5", "v=1x1 v=1x1 v=1x1")]
    [InlineData("fail pt 1+", "v=1x0 v=1x0 v=1x0")]
    [InlineData("fail pt 0", "v=1x1 v=1x1 v=1x1")]
    [InlineData("ptlimit 1", "v=1x0 v=1x0 v=1x0")]
    [InlineData("ptlimit 4", "v=1x0 v=1x0 v=1x0")]
    [InlineData("ptlimit 5", "v=1x1 v=1x1 v=1x1")]
    public void Failures_come_when_they_are_asked_for(string line, string expected) => Assert.Equal(
        expected,
        string.Join(' ', ScriptRun.Results(
            "new managed 0 0", line, "pfnmap 12 0x1000 0x1000 1*3", "pfnmap 12 0x3000 0x1000 1*3", "pfnmap 12 0x5000 0x1000 1*3")
            .Skip(2).Select(result => result["pfnmap ok ".Length..])));

    [Fact]
    public void The_kth_table_lies_at_a_place_that_follows_from_k() => Assert.Equal(
        ["pde 4 0x0000000000000 1 0x0000000010000102", "pde 3 0x0000000000000 1 0x0000000010000202",
            "pde 2 0x0000000000000 1 0x0000000010000302", "pde 1 0x0000000000000 1 0x0000000000000000 0x0000000010000402"],
        ScriptRun.Lines("new managed 0 0\npfnmap 12 0 0x1000 1*0x13\ndump\n", Cli.Vmm.Output.PointerDisplay.Raw)
            .Where(line => line.StartsWith("pde ", StringComparison.Ordinal)));

    [Fact]
    public void A_digest_is_that_of_the_lines_of_a_dump()
    {
        string[] lines = ScriptRun.Lines("new managed 0 0\npfnmap 12 0 0x2000 2*0x13+0x1000\ndump\ndigest\n");
        string dumped = string.Join("", lines.SkipWhile(line => line != "3 dump ok").Skip(1).TakeWhile(line => line != "end")
            .Select(line => line + "\n"));

        ulong hash = 0xcbf29ce484222325;
        foreach (char letter in dumped)
        {
            hash = unchecked((hash ^ letter) * 0x100000001b3);
        }

        Assert.Equal(string.Create(CultureInfo.InvariantCulture, $"4 digest ok 0x{hash:x16} {dumped.Length}"), lines[^2]);
    }

    [Fact]
    public void A_script_that_wants_more_tables_than_there_can_be_is_refused_and_goes_on() => Assert.Equal(
        ["new ok 0x0 0x2000000000000", "get err ENOMEM", "get ok 0x0", "check ok"],
        ScriptRun.Results("new unmanaged 0 0", "get 1 0 0 12 0 0x1000000000000", "get 1 0 0 12 0 0x1000", "check"));

    [Fact]
    public void What_is_left_is_a_leak()
    {
        Assert.False(default(ScriptLeaks).Any);
        Assert.True(new ScriptLeaks(1, 0, 0, 0, 0).Any);
        Assert.True(new ScriptLeaks(0, 1, 0, 0, 0).Any);
        Assert.True(new ScriptLeaks(0, 0, 1, 0, 0).Any);
        Assert.True(new ScriptLeaks(0, 0, 0, 1, 0).Any);
    }
}
