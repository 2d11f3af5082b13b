using FashionMnistExample;

// Trains a classifier of pictures: ./eager train --model cnn --epochs 5
if (Settings.Parse(args, out int exitCode) is not { } settings) return exitCode;
try
{
    Console.CancelKeyPress += static (_, e) =>
    {
        // The first Ctrl-C ends the training in order, a second one the program.
        e.Cancel = !Trainer.StopRequested;
        Trainer.StopRequested = true;
    };
    new Trainer(settings).Run();
    return 0;
}
catch (EagerException e)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
