using System.Globalization;
using Eager.Bench;

namespace Eager.Gpu;

/// <summary>What bench/gpu/run carries to a machine with a GPU: the op table, the trainings and the benchmark's contestant, each on a device.</summary>
internal static class Entry
{
    private const string Usage = """
        Eager.Gpu show DEVICE               the device's name, or what is missing
        Eager.Gpu check DEVICE              the op table's checks of values and gradients
        Eager.Gpu new DEVICE FOLDER         updates of all variables at once, captured replays, batches sent ahead
        Eager.Gpu train DEVICE FOLDER       an MLP and a CNN, until they know their data
        Eager.Gpu flat DEVICE FOLDER STEPS  memory over steps with nothing disposed
        Eager.Gpu serve DEVICE FOLDER       the benchmark's contestant
        Eager.Gpu problems FOLDER           writes the data that the last four read
        """;

    private static int Main(string[] arguments)
    {
        try
        {
            switch (arguments)
            {
                case ["problems", var folder]:
                    ProblemFiles.Write(folder);
                    return 0;
                case [var verb, var device, .. var rest]:
                    Device used = Device.Parse(device);
                    using (Device.Use(used))
                    {
                        Quickest.Device = used;
                        return Run(verb, used, rest);
                    }
            }
        }
        catch (EagerException e)
        {
            Console.Error.WriteLine(e.Message);
            return 1;
        }
        Console.Error.WriteLine(Usage);
        return 2;
    }

    private static int Run(string verb, Device device, string[] rest)
    {
        switch (verb, rest)
        {
            case ("show", []):
                Console.WriteLine($"{device}: {device.Properties.Name}, LibTorch {Runtime.LibTorchVersion}");
                return 0;
            case ("check", []):
                return OpTableOnDevice.Check(device);
            case ("new", [var folder]):
                return FeaturesOnDevice.Check(new ProblemReader(folder), device);
            case ("train", [var folder]):
                return TrainingOnDevice.ToAccuracy(new ProblemReader(folder));
            case ("flat", [var folder, var steps]):
                return TrainingOnDevice.Flat(new ProblemReader(folder), device, int.Parse(steps, CultureInfo.InvariantCulture));
            case ("serve", [var folder]):
                new EagerServer(folder, threads: 1, kernels: 1).Serve();
                return 0;
            default:
                Console.Error.WriteLine(Usage);
                return 2;
        }
    }
}
