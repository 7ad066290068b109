package com.example;

import ai.mobileiqa.phone.Linux;
import ai.mobileiqa.phone.OtherApps;
import android.app.PhoneContext;
import android.content.Context;
import android.graphics.Bitmap;
import android.graphics.BitmapFactory;
import android.net.Uri;
import android.os.Build;
import com.android.layoutlib.bridge.Bridge;
import com.android.layoutlib.bridge.intensive.setup.ConfigGenerator;
import java.io.File;
import java.io.FileInputStream;
import java.io.InputStream;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.util.Collections;
import java.util.Map;

/**
 * Runs the example on Android's classes: {@code Start PHOTO MODEL OTHER CLASS}, a picture, a model, a file that is
 * not a model, and whose method {@code score} to call. Prints a line for each outcome.
 */
public final class Start {
    public static void main(String[] arguments) throws Exception {
        boot();
        Context context = new PhoneContext(null);
        File photo = new File(arguments[0]);
        Bitmap bitmap;
        try (InputStream in = new FileInputStream(photo)) {
            bitmap = BitmapFactory.decodeStream(in, null, new BitmapFactory.Options());
        }
        Method score = Class.forName(arguments[3]).getMethod("score", Context.class, Bitmap.class);
        System.out.println(score.invoke(null, context, bitmap));
        Uri uri = Uri.parse("content://photos/one");
        OtherApps.PHOTOS.put(uri.toString(), Files.readAllBytes(photo.toPath()));
        File model = new File(arguments[1]);
        System.out.println(Example.band(context, model, uri));
        System.out.println(Example.band(context, model, Uri.parse("content://photos/none")));
        System.out.println(Example.band(context, new File(arguments[2]), uri));
    }

    private static void boot() throws Exception {
        File platform = new File(System.getProperty("platform"));
        Map<String, String> properties = ConfigGenerator.loadProperties(new File(platform, "build.prop"));
        new Bridge().init(properties, new File(platform, "data/fonts"), Collections.emptyMap(), null);
        Linux.boot();
        Build.VERSION.SDK_INT = 24;
    }
}
