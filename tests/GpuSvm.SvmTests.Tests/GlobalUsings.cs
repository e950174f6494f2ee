global using GpuSvm.Core;
global using GpuSvm.Mm;
