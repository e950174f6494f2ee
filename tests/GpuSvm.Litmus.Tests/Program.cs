// One litmus program in a process of its own: GpuSvm.Litmus.Tests NAME ROUNDS [SEED]. The tests start it; so may you, with
// GPUSVM_LEAVE_OUT=BARRIER. Exit code 0: nothing forbidden was seen; 1: it was, in the last of the rounds printed; 2: not understood.
using System.Globalization;
using GpuSvm.Litmus.Tests;

using ILitmusProgram? program = args.Length >= 2 ? LitmusPrograms.Make(args[0]) : null;
string? left = Environment.GetEnvironmentVariable("GPUSVM_LEAVE_OUT");
if (program is null || !long.TryParse(args[1], CultureInfo.InvariantCulture, out long limit) || !(left is null || LeftOutBarriers.Names.Contains(left)))
{
    Console.Error.WriteLine($"usage: GpuSvm.Litmus.Tests NAME ROUNDS [SEED], where NAME is one of {string.Join(", ", LitmusPrograms.Names)};");
    Console.Error.WriteLine($"GPUSVM_LEAVE_OUT may be one of {string.Join(", ", LeftOutBarriers.Names)}");
    return 2;
}

ulong seed = args.Length > 2 ? ulong.Parse(args[2], CultureInfo.InvariantCulture) : 1;
var rounds = new LitmusRounds(program, seed);
string? forbidden = rounds.Run(limit);
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{rounds.Met} meetings in {rounds.Rounds} rounds: {forbidden ?? "nothing forbidden"}"));
return forbidden is null ? 0 : 1;
