using GpuSvm.Cli.Vmm.Language;
using GpuSvm.Cli.Vmm.Machine;
using GpuSvm.Cli.Vmm.Output;

namespace GpuSvm.Cli.Vmm.Operations;

/// <summary>A line of a script, parsed.</summary>
internal abstract record Operation
{
    /// <summary>Parses what follows an operation's name.</summary>
    /// <param name="name">The name.</param>
    /// <param name="words">The words after it.</param>
    /// <returns>Null if there is no such operation, or its arguments are not those that it takes.</returns>
    public static Operation? Parse(ReadOnlySpan<char> name, ref WordReader words)
    {
        Operation? operation = name switch
        {
            "new" => NewOperation.Parse(ref words),
            "ref" => new ReferenceOperation(),
            "unref" => new ReleaseOperation(),
            "mem" => MemoryOperation.Parse(ref words),
            "memput" => words.TryNumber(out ulong id) ? new MemoryPutOperation(id) : null,
            "get" => GetOperation.Parse(ref words),
            "sparse" => GetOperation.ParseSparse(ref words),
            "put" => words.TryNumber(out ulong put) ? new PutOperation(put) : null,
            "map" => MapOperation.Parse(ref words),
            "unmap" => words.TryNumber(out ulong unmapped) ? new UnmapOperation(unmapped) : null,
            "pfnmap" => PfnMapOperation.Parse(ref words),
            "pfnunmap" => PfnUnmapOperation.Parse(ref words),
            "xlat" => words.TryNumber(out ulong looked) ? new TranslateOperation(looked) : null,
            "fail" => FailOperation.Parse(ref words),
            "ptlimit" => words.TryNumber(out ulong limit) ? new LimitOperation(limit) : null,
            "dump" => new DumpOperation(),
            "digest" => new DigestOperation(),
            "check" => new CheckOperation(),
            "end" => new EndOperation(),
            _ => null,
        };
        return words.IsAtEnd ? operation : null;
    }

    /// <summary>Carries the operation out.</summary>
    /// <param name="machine">What it works on.</param>
    /// <param name="output">Gets its result.</param>
    public abstract void Run(ScriptMachine machine, ScriptOutput output);
}
