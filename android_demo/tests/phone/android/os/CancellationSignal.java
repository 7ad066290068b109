package android.os;

public final class CancellationSignal {
    private volatile boolean cancelled;

    public void cancel() {
        cancelled = true;
    }

    public void throwIfCanceled() {
        if (cancelled) {
            throw new OperationCanceledException();
        }
    }

    public boolean isCanceled() {
        return cancelled;
    }
}
