namespace GpuSvm.HmmTests;

/// <summary>What a <see cref="DeviceVerb"/> is to be done to, and what came of it.</summary>
/// <param name="Address">Start of the range; page-aligned.</param>
/// <param name="PageCount">Its number of pages, at least 1; for <see cref="DeviceVerb.SetFlags"/> the flags.</param>
/// <param name="CopiedPages">Out, only on success: number of pages that were read, written or moved.</param>
/// <param name="Faults">Out, only on success: how often the device had to ask for pages that its mirror did not have.</param>
/// <remarks>Source: Linux struct hmm_dmirror_cmd.</remarks>
public record struct DeviceCommand(VirtualAddress Address, ulong PageCount, ulong CopiedPages = 0, ulong Faults = 0);
