namespace GpuSvm.SvmTests;

/// <content>Batches, and what they leave behind.</content>
internal sealed partial class SectionRun
{
    /// <summary>Where the buffer goes next; set while the batch of an exec names it before it is there.</summary>
    private VirtualAddress _next;

    private int OffsetOf(int i) => i * _wrapper.Stride * ExecRecord.Size;

    /// <summary>Has the CPU write the batch of an exec; of a pair both, the second for the place that the buffer has by then.</summary>
    private void PrepareBatches(int i)
    {
        if (!LooksAtPairs)
        {
            WriteBatch(i, Buffer.Address);
        }
        else if (i % 2 == 0)
        {
            WriteBatch(i, Buffer.Address);
            _next = _allocator.Reserve();
            if (i + 1 < _wrapper.Execs)
            {
                WriteBatch(i + 1, _next);
            }
        }
    }

    private void WriteBatch(int i, VirtualAddress place)
    {
        int offset = OffsetOf(i);
        ulong value = (_random.Next() << 12) | (uint)i | 1UL << 63;
        bool isRace = _section.Has(SectionFlags.Race);
        VirtualAddress record = place + offset;
        var batch = new ExecBatch(record + ExecRecord.Data, value, isRace ? record + ExecRecord.Fence : _fences)
        {
            Count = _section.Has(SectionFlags.MultiFault) ? (ulong)Places : 1,
            Interval = _placeBytes,
            Peek = _beside,
        };
        batch.WriteTo(Buffer.Image.AsSpan(offset));
        _cpu.Write(Buffer.Address + offset, Buffer.Image.AsSpan(offset, ExecRecord.BatchSize));
        if (isRace)
        {
            Buffer.Note(offset + ExecRecord.Fence, 0);
            _cpu.Store(Buffer.Address + (offset + ExecRecord.Fence), 0UL);
        }
    }

    /// <summary>Runs an exec, and beside it the CPU where the section is a race.</summary>
    private void Execute(int i, Channel queue)
    {
        VirtualAddress batch = Buffer.Address + OffsetOf(i);
        LaunchResult result;
        if (_section.Has(SectionFlags.Race))
        {
            var racer = new CpuRacer(Process, Process.Thread((_worker * CpuThreads) + 1), batch, _beside, _machine.Size.RaceRounds);
            result = racer.RunBeside(() => _machine.Await(_client.Submit(queue, batch)));
            Buffer.Note(OffsetOf(i) + ExecRecord.CpuWord, racer.LastStored);
        }
        else
        {
            result = _machine.Await(_client.Submit(queue, batch));
        }

        Expect.That(result.Succeeded, $"exec {i} ended as {result.Status}: {result.Fault} {result.Exception?.Message}");
    }

    /// <summary>Looks at what an exec has left, by the CPU or a forked child, and at the record that it is in.</summary>
    private void Look(int i)
    {
        int offset = OffsetOf(i);
        ulong value = Buffer.WordAt(offset + ExecRecord.Value);
        if (_section.Has(SectionFlags.Race))
        {
            NotePeeked(offset);
            Buffer.Note(offset + ExecRecord.Fence, value);
        }
        else if (!LooksAtPairs || i % 2 == 1)
        {
            Expect.Equal(value, _cpu.Load<ulong>(_fences), $"exec {i}: its fence");
        }

        int places = _section.Has(SectionFlags.MultiFault) ? Places : 1;
        for (int place = 0; place < places; place++)
        {
            Buffer.Note(offset + ExecRecord.Data + (place * (int)_placeBytes), value);
        }

        if (_section.Has(SectionFlags.ForkRead) && !_section.Has(SectionFlags.ForkReadAfter))
        {
            LookAt(_cpu, offset, i);
        }

        if (_section.Has(SectionFlags.ForkRead))
        {
            Process.InChild(child => LookAt(child, offset, i));
        }

        LookAt(_cpu, offset, i);
    }

    private void LookAt(CpuThread cpu, int offset, int i) => Buffer.Check(cpu, offset, ExecRecord.Size, $"record of exec {i}");

    /// <summary>What the GPU has seen beside the buffer is what the CPU has stored there, or nothing.</summary>
    private void NotePeeked(int offset)
    {
        ulong peeked = _cpu.Load<ulong>(Buffer.Address + (offset + ExecRecord.Peeked));
        Expect.That(peeked is 0 or CpuRacer.Mark, $"the GPU read 0x{peeked:x} beside the buffer");
        Buffer.Note(offset + ExecRecord.Peeked, peeked);
    }
}
