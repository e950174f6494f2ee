using System.Text;
using GpuSvm.Cli.Bench.Vmm;

namespace GpuSvm.Cli.Tests.Vmm;

/// <summary>The loops that are measured, written down as scripts: both leave the same state, and the same counts.</summary>
public class VmmLoopTests
{
    private const ulong Window = 1UL << 30;
    private const ulong WindowPages = Window / 4096;

    [Theory]
    [InlineData("pfn4k_pair_empty", 300)]
    [InlineData("pfn4k_pair_65k", 20)]
    [InlineData("pfn512_map", 1)]
    [InlineData("pfn512_unmap", 2)]
    [InlineData("vma2m_all", 1)]
    [InlineData("churn10k", 500)]
    [InlineData("sparse1g_aligned", 3)]
    [InlineData("sparse1g_unaligned", 3)]
    public void A_loop_and_the_same_operations_as_a_script_give_one_digest(string name, int scale)
    {
        VmmLoop loop = VmmBenchmarks.Loops.Select(create => create()).Single(loop => loop.Name == name);
        string script = $"new unmanaged 0 0\n{Script(name, scale)}digest\n";
        string answer = ScriptRun.Lines(script)[^2];
        Assert.Equal(answer.Split(' ')[^2], VmmBenchmark.DigestOf(loop, scale, out _));
    }

    [Fact]
    public void Loops_can_be_undone_and_done_again()
    {
        foreach (VmmLoop loop in VmmBenchmarks.Loops.Select(create => create()).Where(loop => loop.Name != "pfn4k_pair_65k"))
        {
            var machine = new Cli.Vmm.Machine.ScriptMachine();
            machine.Create(Mmu.GpuAddressSpaceManagement.Unmanaged, 0, 0);
            loop.Run(machine.Space!, 1);
            loop.Undo(machine.Space!);
            loop.Run(machine.Space!, 1);
            Assert.Empty(machine.Space!.Check());
            Assert.False(machine.Teardown().Any);
        }
    }

    private static string Script(string name, int scale) => name switch
    {
        "pfn4k_pair_empty" => Pairs(0, scale),
        "pfn4k_pair_65k" => Pairs(65_536, scale),
        "pfn512_map" or "pfn512_unmap" => RunsOfPages(scale),
        "vma2m_all" => Areas(scale),
        "churn10k" => Churn(scale),
        _ => Sparse(name == "sparse1g_aligned", scale),
    };

    private static string Pairs(int mapped, int scale)
    {
        var script = new StringBuilder("get 0 1 0 0 30 0x40000000\n");
        var random = new LoopRandom(1);
        var set = new HashSet<ulong>();
        while (set.Count < mapped)
        {
            ulong page = random.Next(WindowPages);
            if (set.Add(page))
            {
                script.Append(MapOf(page));
            }
        }

        for (int i = 0; i < scale; i++)
        {
            ulong page = random.Next(WindowPages);
            script.Append(set.Contains(page) ? UnmapOf(page) + MapOf(page) : MapOf(page) + UnmapOf(page));
        }

        return script.ToString();
    }

    private static string MapOf(ulong page) => $"pfnmap 12 {page * 4096} 4096 1*{(page << 12) | 0x13}\n";

    private static string UnmapOf(ulong page) => $"pfnunmap {page * 4096} 4096\n";

    private static string RunsOfPages(int scale)
    {
        var script = new StringBuilder("get 0 1 0 0 30 0x40000000\n");
        for (int i = 0; i < scale; i++)
        {
            for (ulong at = 0; at < Window; at += 1 << 21)
            {
                script.Append($"pfnmap 12 {at} 0x200000 512*{at | 0x13}+0x1000\n");
            }

            for (ulong at = 0; at < Window; at += 1 << 21)
            {
                script.Append($"pfnunmap {at} 0x200000\n");
            }
        }

        return script.ToString();
    }

    private static string Areas(int scale)
    {
        string[] areas = [.. Enumerable.Range(0, 4096).Select(i => $"{(ulong)i << 21}")];
        string once =
            string.Concat(areas.Select(_ => "get 0 1 0 21 0 0x200000\n")) +
            string.Concat(areas.Select(area => $"map {area} 0x200000 0 0\n")) +
            string.Concat(areas.Select(area => $"unmap {area}\n")) +
            string.Concat(areas.Select(area => $"put {area}\n"));
        return "mem 0 vram 0x10000000 0x200000 21\n" + string.Concat(Enumerable.Repeat(once, scale)) + "memput 0\n";
    }

    /// <summary>The script must know which addresses come out: it runs as it is written.</summary>
    private static string Churn(int scale)
    {
        var script = new StringBuilder();
        var random = new LoopRandom(4);
        var space = new Cli.Vmm.Machine.ScriptMachine();
        space.Create(Mmu.GpuAddressSpaceManagement.Unmanaged, 0, 0);
        ulong[] areas = new ulong[10_000];
        for (int i = -areas.Length; i < scale; i++)
        {
            ulong index = i < 0 ? (ulong)(i + areas.Length) : random.Next((ulong)areas.Length);
            if (i >= 0)
            {
                script.Append($"put {areas[index]}\n");
                Assert.Equal(Errno.None, space.Space!.Put(areas[index]));
            }

            ulong size = (random.Next(256) + 1) * 4096;
            script.Append($"get 0 1 0 0 0 {size}\n");
            Assert.Equal(Errno.None, space.Space!.TryGet(new Mmu.GetRequest(size), out VirtualAddress address));
            areas[index] = address.Value;
        }

        return script.ToString();
    }

    private static string Sparse(bool isAligned, int scale)
    {
        string before = isAligned ? "" : "get 0 1 0 0 0 0x1000\n";
        string once = isAligned ? "sparse 0x40000000 30\nput 0\n" : "sparse 0x40000000 12\nput 0x1000\n";
        return before + string.Concat(Enumerable.Repeat(once, scale));
    }
}
