// The programs beside an app that shares its memory with a GPU. The library starts them; nobody else needs to.
// See src/GpuSvm.Live/README.md.
using GpuSvm.Live;

switch (args)
{
    case ["engine", string address]:
        return EngineProgram.Run(address);
    case ["guard", string address]:
        return GuardProgram.Run(address);
    default:
        Console.Error.WriteLine("GpuSvm.Engine is started by the GpuSvm library, not by hand.");
        return 2;
}
