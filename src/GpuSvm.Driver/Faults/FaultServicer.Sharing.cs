namespace GpuSvm.Driver;

/// <content>What the workers of a batch share: each takes one piece after the other until none is left.</content>
internal sealed partial class FaultServicer
{
    private Phase _phase;
    private int _settled;

    private enum Phase
    {
        Fetch,
        Prepare,
        Serve,
    }

    /// <summary>Fills the batch from the ring.</summary>
    /// <returns>False if the ring was empty.</returns>
    private bool Fetch()
    {
        int waiting = _fetcher.Look(_batch);
        if (_crew is null || !_crew.IsLarge(waiting))
        {
            return _fetcher.Fetch(_batch);
        }

        _fetcher.BeginParts(_batch, waiting);
        Share(Phase.Fetch, _batch.PartLimit, waiting);
        _fetcher.JoinParts(_batch);
        return true;
    }

    private void Prepare()
    {
        if (_crew is null || !_crew.IsLarge(_batch.Count))
        {
            _batch.Prepare(_channels);
            return;
        }

        Share(Phase.Prepare, _batch.PartLimit, _batch.Count);
        _batch.JoinParts();
    }

    private void ServeBlocks()
    {
        Counters.Blocks += _batch.Blocks.Length;
        _settled = 0;
        Share(Phase.Serve, _batch.Blocks.Length, _batch.SortedCount);
        SettleDone();
    }

    /// <summary>Has the pieces of a phase done, by helpers too if there is enough work.</summary>
    private void Share(Phase phase, int pieces, int faults)
    {
        _phase = phase;
        if (phase == Phase.Serve)
        {
            _claims.Start(pieces);
        }
        else
        {
            _parts.Start();
        }

        bool isShared = _crew?.TryOpen(pieces, faults) ?? false;
        try
        {
            TakePieces(0);
        }
        finally
        {
            if (isShared)
            {
                _crew!.Close();
            }
        }
    }

    /// <summary>What every worker does: takes pieces until none is left.</summary>
    private void TakePieces(int worker)
    {
        while (TryClaim(worker, out int piece))
        {
            switch (_phase)
            {
                case Phase.Fetch:
                    _fetcher.TakePart(_batch, piece);
                    break;

                case Phase.Prepare:
                    _batch.PreparePart(piece, _channels);
                    break;

                default:
                    Serve(worker, piece);
                    break;
            }
        }
    }

    private bool TryClaim(int worker, out int piece) =>
        _phase == Phase.Serve ? _claims.TryClaim(out piece) : _parts.TryClaim(worker, out piece);

    private void Serve(int worker, int block)
    {
        _results[block] = _workers[worker].Serve(_batch, Counters.Batches, _batch.Blocks[block]);
        _claims.Finish(block);
        if (worker == 0)
        {
            SettleDone();
        }
    }

    /// <summary>Acts on the results of blocks that are done, in their order. The servicer's own thread.</summary>
    private void SettleDone()
    {
        for (; _settled < _batch.Blocks.Length && _claims.IsDone(_settled); _settled++)
        {
            SettleBlock(_batch.Blocks[_settled], _results[_settled]);
            if (_policy == ReplayPolicy.Block)
            {
                ReplayWhenDue();
            }
        }
    }
}
