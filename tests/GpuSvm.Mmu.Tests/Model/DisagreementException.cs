namespace GpuSvm.Mmu.Tests.Model;

/// <summary>An address space and its model do not agree.</summary>
internal sealed class DisagreementException(string message) : Exception(message);
