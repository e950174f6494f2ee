global using GpuSvm.Core;
global using GpuSvm.Driver;
global using GpuSvm.Gpu;
global using GpuSvm.Mm;
global using GpuSvm.Mmu;
global using GpuSvm.Svm;
