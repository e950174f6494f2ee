using System.Globalization;

namespace GpuSvm.Mmu.Tests.Model;

/// <summary>One call, or one change of what may fail. Its text is a line of the language of vmm scripts.</summary>
internal abstract record Operation
{
    public sealed override string ToString() => Text;

    protected abstract string Text { get; }

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    public sealed record Get(GetRequest Request) : Operation
    {
        protected override string Text => Line(
            $"get {Flags} {Request.PageShift} {Request.AlignShift} 0x{Request.Size:x}");

        private string Flags => Line($"{Flag(GetFlags.References)} {Flag(GetFlags.MapReferences)} {Flag(GetFlags.Sparse)}");

        private int Flag(GetFlags flag) => (Request.Flags & flag) != 0 ? 1 : 0;
    }

    public sealed record Put(ulong Address) : Operation
    {
        protected override string Text => Line($"put 0x{Address:x}");
    }

    public sealed record Map(ulong Address, ulong Size, int Memory, ulong Offset, MapAttributes? Attributes) : Operation
    {
        protected override string Text => Line($"map 0x{Address:x} 0x{Size:x} {Memory} 0x{Offset:x}{Words}");

        private string Words => Attributes is not { } given
            ? string.Empty
            : Word(PageAttributes.ReadOnly, " ro") + Word(PageAttributes.Privileged, " priv") + Word(PageAttributes.Volatile, " vol") +
                Line($" kind=0x{given.Kind:x}");

        private string Word(PageAttributes attribute, string word) => (Attributes!.Value.Attributes & attribute) != 0 ? word : string.Empty;
    }

    public sealed record Unmap(ulong Address) : Operation
    {
        protected override string Text => Line($"unmap 0x{Address:x}");
    }

    public sealed record PfnMap(int Shift, ulong Address, PfnEntry[] Pfns) : Operation
    {
        protected override string Text => Line(
            $"pfnmap {Shift} 0x{Address:x} 0x{(ulong)Pfns.Length << Shift:x} {string.Join(' ', Pfns.Select(Run))}");

        private static string Run(PfnEntry pfn) => Line($"1*0x{pfn.Bits:x}");
    }

    public sealed record PfnUnmap(ulong Start, ulong Size) : Operation
    {
        protected override string Text => Line($"pfnunmap 0x{Start:x} 0x{Size:x}");
    }

    public sealed record Join(ulong Instance) : Operation
    {
        protected override string Text => Line($"# join {Instance}");
    }

    public sealed record Part(ulong Instance) : Operation
    {
        protected override string Text => Line($"# part {Instance}");
    }

    public sealed record Boot : Operation
    {
        protected override string Text => "# boot";
    }

    /// <summary>Arms a failure for the next call; it is disarmed after that.</summary>
    public sealed record Fail(FailureSite Site, int N, bool GoesOn) : Operation
    {
        protected override string Text => Line($"fail {Word} {N}{(GoesOn ? "+" : string.Empty)}");

        private string Word => Site switch
        {
            FailureSite.PageTable => "pt",
            FailureSite.Node => "sw",
            FailureSite.Area => "vma",
            _ => "dma",
        };
    }

    public sealed record Limit(int Tables) : Operation
    {
        protected override string Text => Line($"ptlimit {Tables}");
    }
}
